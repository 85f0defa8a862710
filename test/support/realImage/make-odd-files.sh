#!/bin/bash
# Runs inside the image: makes files of every type, with odd names, owners, modes, times and attributes.
set -euo pipefail
mkdir /odd && cd /odd

# To be deleted and changed by later layers.
mkdir -p tree/sub opaque/old to-link to-file gone/deep/deeper
echo one > tree/a
echo two > tree/sub/b
echo old > opaque/old/x
echo old > opaque/y
echo inside > to-link/inside
echo inside > to-file/inside
echo deep > gone/deep/deeper/file
echo file > to-directory
ln -s target.txt link-to-directory
mkfifo fifo-to-file

# Links.
echo target > target.txt
ln target.txt hardlink.txt
ln -s target.txt symlink
ln -s /odd/target.txt absolute-symlink
ln -s ../../../../../etc/passwd escaping-symlink
ln -s nowhere dangling-symlink
ln -s loop-b loop-a
ln -s loop-a loop-b
ln -s /odd/tree symlink-to-directory
ln tree/a hardlink-across-directories
ln symlink hardlink-to-symlink

# Modes, owners, devices.
cp /bin/true setuid && chmod 4755 setuid
cp /bin/true setgid && chmod 2755 setgid
mkdir sticky && chmod 1777 sticky
mkdir setgid-directory && chmod 2775 setgid-directory
touch no-permissions && chmod 000 no-permissions
mkdir read-only-directory && echo x > read-only-directory/file && chmod 0555 read-only-directory
mkdir unreadable-directory && echo x > unreadable-directory/file && chmod 0000 unreadable-directory
touch owned && chown 12345:23456 owned
touch owned-by-large-id && chown 3000000:3000000 owned-by-large-id
mkfifo fifo
mknod character-device c 1 3
mknod block-device b 7 200

# Names.
touch 'space in name' $'new\nline' 'ünïcödé-文件-🐳' 'co:lon' 'com,ma' 'back\slash' "quo'te" 'dou"ble' '$(touch pwned)' '`id`' -- '-dash'
touch $'not-utf8-\xff\xfe'
long=$(printf 'l%.0s' $(seq 1 200))
mkdir -p "$long/$long"
echo long > "$long/$long/$long.txt"
ln -s "/odd/$long/$long/$long.txt" symlink-to-long-name
touch "$(printf 'n%.0s' $(seq 1 255))"

# Times.
touch -d '1969-12-31 00:00:00 UTC' before-1970
touch -d '2001-02-03 04:05:06.123456789 UTC' nanoseconds
touch -d '2150-01-01 00:00:00 UTC' far-future

# Contents.
touch empty
truncate -s 128M sparse
printf start | dd of=sparse conv=notrunc status=none
printf middle | dd of=sparse bs=1 seek=67108864 conv=notrunc status=none
printf end >> sparse
head -c 8388608 /dev/urandom > random

# Attributes.
setfattr -n user.peel -v value target.txt
setfattr -n user.binary -v 0x00ff0a3d empty
setfattr -n user.peel -v on-directory sticky
cp /bin/true with-capability && setcap cap_net_raw+ep with-capability
