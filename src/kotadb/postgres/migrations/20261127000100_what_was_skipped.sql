-- What a file was skipped for is known of its blob, so that it need not be read again; rows of references are no longer
-- numbered, because nobody asks for one of them by itself.

set search_path to kotadb, public, extensions;

alter table skipped_files
    add column blob_sha text,                     -- where the content is the reason: of which blob,
    add column language text;                     -- read as what

-- Without its key the table has its rows by their files, in an index that holds each file once and not each row: it is a
-- sixth as large.
alter table symbol_references drop constraint symbol_references_pkey, drop column reference_id;
create index symbol_references_file on symbol_references (repository_id, index_id, file_id);

-- It comes compressed, as rows do.
alter table source_blobs alter column outline set storage external;

-- Pages that once held pending entries stay with the index: 1 MB of them left that of a small repository half as large
-- again, for a tenth of the time.
alter index source_blobs_text set (gin_pending_list_limit = 256);
