-- Who advertises, and what they publish.

CREATE TABLE social_accounts (
    id                  uuid PRIMARY KEY,
    name                text NOT NULL,
    ad_account_id       text NOT NULL CHECK (ad_account_id ~ '^act_[0-9]+$'),
    page_id             text NOT NULL,
    instagram_user_id   text,
    pixel_id            text,
    currency            text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    timezone_name       text NOT NULL,
    default_countries   text[] NOT NULL DEFAULT '{}',
    -- ASP.NET data protection's ciphertext, never the token itself.
    access_token        text NOT NULL,
    -- Set when Meta refuses the token: this account's jobs wait until a new one is given.
    token_rejected_at   timestamptz,
    token_rejection     text,
    -- Meta's own minimum for a day, in Meta's units of the currency; null until Meta has told it.
    min_daily_budget    bigint,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL
);

CREATE TABLE clips (
    id              uuid PRIMARY KEY,
    title           text NOT NULL,
    video_url       text,
    video_id        text,
    image_url       text,
    thumbnail_url   text,
    created_at      timestamptz NOT NULL,
    CHECK (num_nonnulls(video_url, video_id, image_url) = 1)
);

-- One video per clip and ad account at Meta, shared by every orchestration that uses the clip.
CREATE TABLE clip_videos (
    clip_id             uuid NOT NULL REFERENCES clips,
    ad_account_id       text NOT NULL,
    state               text NOT NULL CHECK (state IN ('started', 'uploaded', 'ready')),
    -- Who may confirm an upload that was started.
    request_id          uuid NOT NULL,
    attempt             int NOT NULL,
    video_id            text,
    thumbnail_url       text,
    started_at          timestamptz NOT NULL,
    uploaded_at         timestamptz,
    PRIMARY KEY (clip_id, ad_account_id)
);

-- Meta's limits are per ad account and use case; every process obeys what any of them was told.
CREATE TABLE account_pacing (
    ad_account_id   text NOT NULL,
    use_case        text NOT NULL CHECK (use_case IN ('ads_management', 'ads_insights')),
    blocked_until   timestamptz NOT NULL,
    reason          text NOT NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (ad_account_id, use_case)
);

-- ASP.NET data protection keeps its key ring here, so that every process reads every process's secrets.
CREATE TABLE data_protection_keys (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    friendly_name   text,
    xml             text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now()
);
