-- Whether the database can be used.

-- name: writable
select not pg_is_in_recovery() and not current_setting('default_transaction_read_only')::boolean as writable

-- name: session
select pg_backend_pid() as pid, current_setting('kotadb.probe', true) as probe
