-- What questions look names up by.

set search_path to kotadb, public, extensions;

-- Symbols by name and by its beginning, in any case. The name itself stands behind, so that names can be looked through
-- without their rows.
create index symbols_name on symbols (repository_id, index_id, lower(name) text_pattern_ops, name);
-- Symbols by what is in the middle of a name, or nearly so.
create index symbols_name_text on symbols using gin (name gin_trgm_ops)
    with (fastupdate = on, gin_pending_list_limit = 256);
-- References that may mean a symbol of that name, and of which it is not known whether they do.
create index symbol_references_unresolved on symbol_references (repository_id, index_id, name)
    where target_file_id is null and package is null;
