# Run by sh -e as PID 1 of new mount, PID, IPC and UTS namespaces. Makes the root of a container from overlay layers and becomes an init that does
# nothing: it ignores SIGCHLD, so orphans are reaped by the kernel.
#
#   $1 directory of the container (up, wk, root, run, l)   $2 layers as short names in l, newest first   $3 template of /dev
#   then four for each directory of this machine that the container sees: where it is, what of it, where it goes, ro or rw
#
# Layers go by short names because mount(2) takes 4,095 characters of options. `volatile` drops every fsync below: a container never outlives
# the machine, and what is kept of it is copied. What is mounted is private to the namespaces and goes with them.
read -r pid rest </proc/self/stat
container=$1 layers=$2 devices=$3
shift 3
umask 022
cd "$container/l"
mount -t overlay overlay -o "lowerdir=$layers,upperdir=../up,workdir=../wk,redirect_dir=on,metacopy=off,volatile" "$container/root"
cd "$container/root"
[ -d proc ] && [ -d dev ] && [ -d sys ] && [ -d run ] && [ -d tmp ] || { mkdir -p proc dev sys run tmp; chmod 1777 tmp; }
mount -t tmpfs -o mode=755,nosuid tmpfs dev
cp -a "$devices/." dev/
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
cp -a "$container/run/." run/
for file in resolv.conf hosts; do
  # A package may have made a link of it, which would lead out of the container while it is being made.
  [ -f "etc/$file" ] && [ ! -L "etc/$file" ] || { rm -f "etc/$file"; : >"etc/$file"; }
  mount --bind "run/modal/$file" "etc/$file"
done
refuse() { echo "refused $1"; exit 1; }
# From the current directory on, which nobody can replace by a link, one name after the other. Other containers may change what is below it at
# any moment: a name is made without following anything, and where it led is looked at before anything is made there.
enter() {
  way=$1 here=$(pwd -P) left=$1
  while [ -n "$left" ]; do
    name=${left%%/*} left=${left#"${left%%/*}"}
    left=${left#/} here=$here/$name
    complaint=$(mkdir -- "./$name" 2>&1) || :
    cd -P -- "./$name" 2>/dev/null && [ "$(pwd -P)" = "$here" ] ||
      refuse "the sub-path $way cannot be mounted: a part of it is no directory${complaint:+ ($complaint)}"
  done
}
while [ $# -gt 0 ]; do
  source=$1 part=$2 target=$3 place=$container/root$3 mode=$4
  shift 4
  # The image's links mean its own root, and this is still the machine's. Nothing runs in the container yet that could make others.
  [ "$(readlink -m "$place")" = "$place" ] || refuse "cannot mount volume on a path that leads through a link: \"$target\""
  mkdir -p "$place" 2>/dev/null || refuse "cannot mount volume on what is no directory: \"$target\""
  # Modal's words.
  [ -z "$(ls -A "$place")" ] || refuse "cannot mount volume on non-empty path: \"$target\""
  cd "$source" 2>/dev/null || refuse "the volume for \"$target\" is gone"
  enter "$part"
  mount --no-canonicalize -o "bind,$mode,nosuid,nodev" . "$place"
done
cd "$container/root"
echo modal >/proc/sys/kernel/hostname
mount -t proc -o nosuid,nodev,noexec proc proc
pivot_root . run/modal/machine
cd /
umount -l run/modal/machine
echo "ready $pid"
exec env --ignore-signal=CHLD sleep infinity </dev/null >/dev/null 2>&1
