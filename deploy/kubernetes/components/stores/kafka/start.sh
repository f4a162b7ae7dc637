#!/bin/sh
# start.sh PROPERTIES: one broker in a container. Kafka's own image cannot give a new cluster its administrator.
set -eu
properties=$1
bin=${KAFKA_HOME:-/opt/kafka}/bin
data=$(sed -n 's/^log\.dirs=//p' "$properties")
if [ ! -e "$data/meta.properties" ]; then
    admin="[name=virtubar,password=$VIRTUBAR_KAFKA_PASSWORD_VIRTUBAR]"
    cluster=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c 1-22)
    "$bin/kafka-storage.sh" format --cluster-id="$cluster" --config "$properties" \
        --add-scram "SCRAM-SHA-512=$admin"
fi
exec "$bin/kafka-server-start.sh" "$properties"
