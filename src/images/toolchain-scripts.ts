/** What the build of a repo image runs itself, as the agent user. What differs comes as arguments: no text becomes a program. */

/**
 * Arguments: the toolchain's folder, the tool's name, the npm package, its version, then pairs of a command and its path inside
 * the package. A package whose name ends with a dash is the platform's own. Every command that the package declares is linked
 * too. From the beginning each time: what an attempt before left, cut anywhere, is of no use.
 */
export const installFromNpm = `set -eu
root="$1" tool="$2" package="$3" version="$4"
shift 4
export NODE_DISABLE_COMPILE_CACHE=1
case "$package" in *-) package="$package$(node -p process.arch)" ;; esac
target="$root/tools/$tool"
cache="$(mktemp -d)"
trap 'rm -rf -- "$cache"' EXIT
rm -rf -- "$target"
mkdir -p -- "$target" "$root/bin"
cd -- "$target"
npm install --prefix "$target" --cache "$cache" --ignore-scripts --no-audit --no-fund --no-update-notifier "$package@$version"
for entry in "$target"/node_modules/.bin/*; do
  case "$(readlink -- "$entry" || true)" in
    "../$package/"*) ln -sfn -- "$entry" "$root/bin/\${entry##*/}" ;;
  esac
done
while [ "$#" -gt 1 ]; do
  chmod a+x -- "$target/node_modules/$package/$2"
  ln -sfn -- "$target/node_modules/$package/$2" "$root/bin/$1"
  shift 2
done
ls -l -- "$root/bin"`;

/** Arguments: the folder of the virtual environments, the name of the first. It may be made later. */
export const linkFirstEnvironment = `mkdir -p -- "$1" && ln -sfn -- "$2" "$1/.first"`;

/** Arguments: threes of a program, what its \`--version\` has to begin with, and what it is for. */
export const probeVersions = `while [ "$#" -gt 2 ]; do
  version="$("$1" --version)" || { echo "$3: $1 does not run" >&2; exit 1; }
  echo "$3: $version"
  case "$version" in
    "$2"*) ;;
    *) echo "$3: $1 is $version instead of $2" >&2; exit 1 ;;
  esac
  shift 3
done`;
