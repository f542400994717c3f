-- Everything an index holds, in an order that does not depend on ids.

-- name: files
select path, language, blob_sha, size_bytes, lines, has_errors, tags
from indexed_files where repository_id = %(repository_id)s and index_id = %(index_id)s
order by path collate "C"

-- name: skipped
select path, reason::text from skipped_files where repository_id = %(repository_id)s and index_id = %(index_id)s
order by path collate "C", reason

-- name: symbols
select f.path, s.name, s.qualified_name, s.kind::text, s.line_start, s.line_end, s.column_start, s.column_end, s.name_line,
    s.name_column, s.signature, s.documentation, s.exported, s.is_async as async, s.access::text
from symbols s join indexed_files f using (repository_id, index_id, file_id)
where s.repository_id = %(repository_id)s and s.index_id = %(index_id)s
order by f.path collate "C", s.name_line, s.name_column, s.kind, s.qualified_name collate "C"
