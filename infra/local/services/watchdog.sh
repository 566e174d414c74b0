#!/bin/sh
# Kills what a launcher leaves behind. Its input is a pipe that only the launcher holds, so the end of the input is the
# end of the launcher, however it died. Lines: "+group <id>" / "-group <id>" (process group), "+path <path>" / "-path <path>".
trap '' HUP INT TERM
newline='
'
held=''
while IFS= read -r line; do
  case $line in
    +*) held="$held${line#+}$newline" ;;
    -*) held="$(printf '%s' "$held" | grep -vxF -e "${line#-}")$newline" ;;
  esac
done
printf '%s' "$held" | while read -r kind value; do
  [ "$kind" = group ] && kill -s KILL -- "-$value" 2>/dev/null
done
printf '%s' "$held" | while read -r kind value; do
  [ "$kind" = path ] || continue
  # A process killed a moment ago may still be writing: try again until the path stays away.
  tries=0
  until rm -rf -- "$value" 2>/dev/null && [ ! -e "$value" ]; do
    tries=$((tries + 1))
    [ "$tries" -ge 50 ] && break
    sleep 0.1
  done
done
