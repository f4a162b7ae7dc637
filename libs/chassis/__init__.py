"""What every service is bolted to: everything that is not its own business, once.

process, roles, server     from the command line to running roles, and down again
app, edge, answers, ...    the frame of an API: problems, request ids, limits, documents, health
auth, jwks, revocations    who is asking, and who may no longer
bodies, pagination, idempotency    what requests have in common
consumers, follow          Kafka in: each event once, and safety at once
postgres, kafka, redis     connections, migrations, topics
telemetry, logs            one trace, and no personal data
"""
