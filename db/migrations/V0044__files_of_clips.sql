-- A clip's source may be a file that was given to the API. Its bytes are kept elsewhere, under the key.
ALTER TABLE clips
    ADD file_key    text,
    ADD file_type   text,
    ADD file_bytes  bigint,
    ADD file_sha256 text,
    DROP CONSTRAINT clips_check,
    ADD CONSTRAINT clips_one_source CHECK (num_nonnulls(video_url, video_id, image_url, file_key) = 1),
    ADD CONSTRAINT clips_whole_file CHECK (num_nonnulls(file_key, file_type, file_bytes, file_sha256) IN (0, 4));
CREATE UNIQUE INDEX clips_by_file ON clips (file_key) WHERE file_key IS NOT NULL;

-- The upload of such a file, part by part: Meta's session, and the part that Meta wants next. video_id is what the video will be called.
ALTER TABLE clip_videos
    ADD session_id    text,
    ADD session_start bigint,
    ADD session_end   bigint,
    -- Until then only the attempt that is named sends parts; null when it has let go.
    ADD held_until    timestamptz;
