-- name: hash_joins
set local enable_nestloop = off

-- name: any_joins
set local enable_nestloop = on
