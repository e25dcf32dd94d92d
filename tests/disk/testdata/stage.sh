#!/bin/bash
# Runs a stage as a service with the settings of its unit, and with those of $SETTINGS where it is the stage of $TIGHT.
set -u
for argument; do
	case $argument in
	--stage=*) stage=${argument#--stage=} ;;
	esac
done
unit=$stage
[ "$stage" != umount ] || unit=mount # its ExecStop
said=$(mktemp)
{
	printf '[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\n'
	printf 'StandardOutput=truncate:%s\nStandardError=append:%s.error\n' "$said" "$said"
	env | grep -E '^(IGNITION_|PATH=|SOURCE_)' | sed 's/.*/Environment="&"/'
	echo "ExecStart=$PWD/../../bin/ignition $*"
	sed '1,/docs\/hardening.md/d' "../../dracut/30ignition/ignition-$unit.service"
	[ "$unit" != "${TIGHT-}" ] || printf '%b\n' "$SETTINGS"
} >"/run/systemd/system/$stage.service"
systemctl daemon-reload
systemctl start "$stage.service"
status=$?
systemctl reset-failed "$stage.service" 2>/dev/null
cat "$said" "$said.error"
exit "$status"
