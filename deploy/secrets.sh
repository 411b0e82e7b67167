#!/bin/sh
# Makes the secrets that docker-compose.yml mounts; keeps those that exist. Run it once.
#
# Containers read them as users of their own, so the files are readable; what keeps others on this
# machine out is the folder, which only its owner may enter.
set -eu
umask 022

folder=${1:-secrets}
mkdir -p "$folder"
chmod 700 "$folder"

random() {
	od -An -N 32 -t x1 /dev/urandom | tr -d ' \n'
}

keep() { # NAME VALUE
	if [ ! -e "$folder/$1" ]; then
		printf '%s' "$2" >"$folder/$1"
		echo "Made $folder/$1"
	fi
}

keep widget_secret_key "$(random)"
keep postgres_password "$(random)"
keep widget_database_url "postgresql+psycopg://widget:$(cat "$folder/postgres_password")@postgres/widget"
# Empty: mail is written to files. Put smtp://user:password@host:587 here.
keep widget_smtp_url ''
