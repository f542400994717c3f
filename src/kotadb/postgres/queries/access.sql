-- Owners, API keys and rate limits.

-- name: find_owner
select id, name from owners where name = %(name)s

-- name: insert_owner
insert into owners (name) values (%(name)s) on conflict (name) do nothing

-- name: has_keys
select from api_keys limit 1

-- name: insert_key
insert into api_keys (owner_id, name, prefix, secret_sha256)
values (%(owner_id)s, %(name)s, %(prefix)s, %(secret_sha256)s)

-- name: find_key
select k.id, k.secret_sha256, k.owner_id, o.name as owner_name from api_keys k join owners o on o.id = k.owner_id
where k.prefix = %(prefix)s and k.revoked_at is null

-- name: list_keys
select k.id, o.name as owner_name, k.name, k.prefix, k.created_at, k.revoked_at
from api_keys k join owners o on o.id = k.owner_id order by k.created_at, k.id

-- name: revoke_key
update api_keys set revoked_at = now() where prefix = %(prefix)s and revoked_at is null

-- name: take_tokens
-- A bucket that nobody has taken from is full. The clock is read after the row is locked, so that whoever had to wait
-- does not set it back; a clock that is set back itself lets nothing flow for once.
insert into rate_limits as bucket (key_id, tokens, granted, filled_at)
values (%(key_id)s, %(capacity)s - %(block)s, %(block)s, clock_timestamp())
on conflict (key_id) do update set (tokens, granted, filled_at) = (
    select level - taken, taken, now_is
    from clock_timestamp() as now_is,
        lateral (select greatest(0, extract(epoch from now_is - bucket.filled_at)) * %(per_second)s as inflow) i,
        lateral (select least(%(capacity)s, bucket.tokens + inflow) as level) l,
        lateral (select least(%(block)s, floor(level))::integer as taken) t)
returning tokens, granted
