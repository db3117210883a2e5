-- With many receivers the path of an address is a key: of it no more is shown than its first part.
UPDATE webhooks SET shown_url = substring(shown_url FROM '^https?://[^/?]+/[^/?]+/') || '…' || CASE WHEN shown_url LIKE '%?…' THEN '?…' ELSE '' END
WHERE format = 'cloudevents' AND shown_url ~ '^https?://[^/?]+/[^/?]+/';
