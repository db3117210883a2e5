-- With some receivers the only part of the path is the key: of an address no more is shown than its host.
UPDATE webhooks SET shown_url = substring(shown_url FROM '^https?://[^/?]+/') || '…' || CASE WHEN shown_url LIKE '%?…' THEN '?…' ELSE '' END
WHERE format = 'cloudevents' AND shown_url ~ '^https?://[^/?]+/[^?]';
