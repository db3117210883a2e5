-- What was stored of an account that Meta bills in another currency than it is registered in: the amounts are Meta's, and so is their currency. Mostly there is no such account.
DO $$
DECLARE account record;
BEGIN
    FOR account IN SELECT id, meta_currency FROM social_accounts WHERE meta_currency <> currency LOOP
        UPDATE meta_ad_insights SET currency = account.meta_currency WHERE social_account_id = account.id AND currency <> account.meta_currency;
        UPDATE meta_report_rows SET currency = account.meta_currency
        WHERE definition_id IN (SELECT id FROM report_definitions WHERE social_account_id = account.id) AND currency <> account.meta_currency;
        UPDATE insight_campaign_days SET currency = account.meta_currency WHERE social_account_id = account.id AND currency <> account.meta_currency;
        UPDATE insight_days SET currency = account.meta_currency WHERE social_account_id = account.id AND currency <> account.meta_currency;
    END LOOP;
END
$$;
