/**
 * Run by sh as PID 1 of new mount, PID, IPC and UTS namespaces. Makes the root of a box from overlay layers and becomes an init that does
 * nothing: it ignores SIGCHLD, so orphans are reaped by the kernel.
 *
 *   $1 directory of the box (up, wk, root, l)   $2 layers as short names in l, newest first   $3 device template   $4 CA bundle or ''
 *
 * Layers go by short names because mount(2) takes 4,095 characters of options. `volatile` drops every fsync below: a box never outlives
 * the machine, and what is kept of it is copied. What is mounted is private to the namespaces and goes with them.
 */
export const BOOT_SCRIPT = `
read -r pid rest </proc/self/stat
box=$1 layers=$2 devices=$3 bundle=$4
cd "$box/l"
mount -t overlay overlay -o "lowerdir=$layers,upperdir=../up,workdir=../wk,redirect_dir=on,metacopy=off,volatile" "$box/root"
cd "$box/root"
[ -d proc ] && [ -d dev ] && [ -d sys ] && [ -d run ] && [ -d tmp ] || { mkdir -p proc dev sys run tmp; chmod 1777 tmp; }
mount -t tmpfs -o mode=755,nosuid tmpfs dev
cp -a "$devices/." dev/
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
mkdir -p run/modal/old run/lock
chmod 1777 run/lock
cat /etc/resolv.conf >run/modal/resolv.conf || :
{ cat /etc/hosts || :; echo '127.0.1.1 modal'; } >run/modal/hosts
[ -z "$bundle" ] || cp "$bundle" run/modal/ca-certificates.crt
chmod 644 run/modal/*.* run/modal/hosts
for file in resolv.conf hosts; do
  [ -f "etc/$file" ] && [ ! -L "etc/$file" ] || { rm -f "etc/$file"; : >"etc/$file"; }
  mount --bind "run/modal/$file" "etc/$file"
done
echo modal >/proc/sys/kernel/hostname
mount -t proc -o nosuid,nodev,noexec proc proc
pivot_root . run/modal/old
cd /
umount -l run/modal/old
rmdir run/modal/old
echo "ready $pid"
exec env --ignore-signal=CHLD sleep infinity </dev/null >/dev/null 2>&1
`;

/** Where a box finds the host's CA bundle. */
export const BOX_CA_BUNDLE = '/run/modal/ca-certificates.crt';
