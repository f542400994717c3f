-- What we ask of the queue's own tables on its own connection.

-- name: worker
select id from procrastinate_workers where id = %(worker_id)s
