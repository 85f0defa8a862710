#!/bin/bash
# Runs inside the image, one layer above make-odd-files.sh: deletes and replaces.
set -euo pipefail
rm -rf /usr/share/doc /usr/share/man
cd /odd
rm -rf tree/sub target.txt gone fifo
# The same name of another type.
rm -rf opaque && mkdir opaque && echo new > opaque/new
rm -rf to-link && ln -s tree to-link
rm -rf to-file && echo file > to-file
rm to-directory && mkdir to-directory && echo d > to-directory/d
rm link-to-directory && mkdir link-to-directory && echo d > link-to-directory/d
rm fifo-to-file && echo file > fifo-to-file
# Changed in place.
echo more >> tree/a
chmod 0600 setuid
setfattr -x user.binary empty
