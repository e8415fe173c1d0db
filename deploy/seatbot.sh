#!/bin/sh
# Runs a command with the settings, the user and the folder of seatbot.service, such as `seatbot doctor` or
# `seatbot import /etc/seatbot/accounts.yml`. Copy to /usr/local/sbin/seatbot; only root can run it.
set -eu
exec systemd-run --quiet --wait --collect --pty --pipe --service-type=exec \
    --uid=seatbot --gid=seatbot \
    --property=EnvironmentFile=/etc/seatbot/env \
    --property=StateDirectory=seatbot \
    --property=StateDirectoryMode=0700 \
    --property=WorkingDirectory=/var/lib/seatbot \
    --property=UMask=0077 \
    --setenv=PYTHONDONTWRITEBYTECODE=1 \
    --setenv="SEATBOT_OPERATOR=${SEATBOT_OPERATOR:-${SUDO_USER:-$(id -un)}}" \
    -- /opt/seatbot/bin/seatbot "$@"
