#!/bin/sh
# Sends an alert of affsync by mail: the text on standard input becomes a message with its headers.
#
#   mail_alert.sh ADDRESS                    by msmtp, which speaks SMTP itself
#   mail_alert.sh ADDRESS PROGRAM [ARG…]     by another program that takes a whole message and reads in
#                                            its header to whom it goes, such as /usr/sbin/sendmail -t
#
# As a receiver: {name: mail, command: [/usr/share/affsync/mail_alert.sh, me@example.com]}
set -eu
address=${1:?ADDRESS}
shift
[ $# -gt 0 ] || set -- msmtp --read-recipients

# A title may have letters of any language, and headers are ASCII: RFC 2047 says how to write it, in
# words of at most 75 characters and whole letters each. A title that is written so adds no header.
subject() {
  printf %s "affsync: ${AFFSYNC_ALERT_TITLE:-alert}" | tr '\r\n' '  ' | LC_ALL=C.UTF-8 grep -oE '.{1,11}' |
    while IFS= read -r part; do printf ' =?UTF-8?B?%s?=\n' "$(printf %s "$part" | base64)"; done
}

{
  printf 'To: %s\nSubject:' "$address"
  subject
  printf 'Date: %s\n' "$(LC_ALL=C date '+%a, %d %b %Y %H:%M:%S %z')"
  printf 'Auto-Submitted: auto-generated\nMIME-Version: 1.0\n'
  printf 'Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n'
  base64
} | "$@"
