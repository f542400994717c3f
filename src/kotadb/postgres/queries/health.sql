-- Whether the database can be used.

-- name: writable
select not pg_is_in_recovery() and not current_setting('default_transaction_read_only')::boolean as writable

-- name: write
-- A hundred kilobytes, for as long as the transaction: a full disk has no room for them.
create temporary table probe on commit drop as select repeat('x', 1000) as text from generate_series(1, 100)

-- name: session
select pg_backend_pid() as pid, current_setting('kotadb.probe', true) as probe
