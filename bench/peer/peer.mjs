// Peer baseline: what a competent user builds from the official SDK, graphile-worker and pg. See README.md.
import http from 'node:http';
import https from 'node:https';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import sdk from 'facebook-nodejs-business-sdk';
import { run, makeWorkerUtils, runMigrations, Logger } from 'graphile-worker';

const { FacebookAdsApi, AdAccount } = sdk;
const env = (name, fallback) => process.env[name] ?? fallback ?? fail(`${name} is not set`);
const fail = message => { console.error(message); process.exit(2); };

const CONCURRENCY = Number(env('CONCURRENCY', '20'));
const ACCOUNT = env('ACCOUNT', 'act_1001');
const PAGE_ID = env('PAGE_ID', '42');
const PAGE_SIZE = Number(env('PAGE_SIZE', '500'));
const BATCH = 500;

http.globalAgent = new http.Agent({ keepAlive: true, maxSockets: CONCURRENCY * 2 });
https.globalAgent = new https.Agent({ keepAlive: true, maxSockets: CONCURRENCY * 2 });
const graphUrl = env('GRAPH_URL').replace(/\/$/, '');
Object.defineProperty(FacebookAdsApi, 'GRAPH', { get: () => graphUrl });      // the SDK has no setting for its base address
FacebookAdsApi.init(env('TOKEN'), 'en_US', false);                            // false: crash reporter off

const pool = new pg.Pool({ connectionString: env('DATABASE_URL'), max: CONCURRENCY + 4 });
pool.on('error', e => console.error(e.message));
pool.on('connect', client => client.on('error', e => console.error(e.message)));

const SCHEMA = `
  create table if not exists campaigns (
    id text primary key, account_id text not null, job_key text not null, name text not null, status text not null,
    created_at timestamptz not null default now());
  create table if not exists ad_sets (
    id text primary key, campaign_id text not null references campaigns, job_key text not null, name text not null, status text not null,
    created_at timestamptz not null default now());
  create table if not exists ad_creatives (
    id text primary key, account_id text not null, job_key text not null, name text not null,
    created_at timestamptz not null default now());
  create table if not exists ads (
    id text primary key, ad_set_id text not null references ad_sets, creative_id text not null references ad_creatives,
    job_key text not null, name text not null, status text not null, created_at timestamptz not null default now());
  create table if not exists insights (
    ad_id text not null, date_start date not null, account_id text not null, campaign_id text not null, ad_set_id text not null,
    impressions bigint not null, reach bigint not null, clicks bigint not null, spend numeric(18,4) not null, actions jsonb,
    synced_at timestamptz not null default now(), primary key (ad_id, date_start));`;

// ---------------------------------------------------------------- create
async function createTree({ key, link }) {
  const account = new AdAccount(ACCOUNT), name = (what, letter) => `${what} [${key}:${letter}]`, status = 'PAUSED';
  account.clearHistory();                             // else the SDK sends the account's own id as a field of each create
  const campaign = { name: name('Campaign', 'c'), status };
  campaign.id = (await account.createCampaign([], {
    ...campaign, objective: 'OUTCOME_TRAFFIC', special_ad_categories: [], is_adset_budget_sharing_enabled: false })).id;
  const adSet = { name: name('Ad set', 's'), status };
  adSet.id = (await account.createAdSet([], {
    ...adSet, campaign_id: campaign.id, optimization_goal: 'LINK_CLICKS', billing_event: 'IMPRESSIONS', daily_budget: 2000,
    bid_strategy: 'LOWEST_COST_WITHOUT_CAP',
    targeting: { geo_locations: { countries: ['US'] }, age_min: 21, publisher_platforms: ['facebook'],   // the page has no Instagram account
      targeting_automation: { advantage_audience: 0 } } })).id;
  const creative = { name: name('Creative', 'k') };
  creative.id = (await account.createAdCreative([], {
    ...creative, object_story_spec: { page_id: PAGE_ID, link_data: {
      link, message: 'Have a look', name: 'Headline', picture: 'https://example.com/picture.jpg',
      call_to_action: { type: 'LEARN_MORE', value: { link } } } } })).id;
  const ad = { name: name('Ad', 'a'), status };
  ad.id = (await account.createAd([], { ...ad, adset_id: adSet.id, creative: { creative_id: creative.id } })).id;
  return { campaign, adSet, creative, ad };
}

async function saveTree(client, key, { campaign, adSet, creative, ad }) {
  await client.query('begin');
  try {
    await client.query('insert into campaigns (id, account_id, job_key, name, status) values ($1, $2, $3, $4, $5)',
      [campaign.id, ACCOUNT, key, campaign.name, campaign.status]);
    await client.query('insert into ad_sets (id, campaign_id, job_key, name, status) values ($1, $2, $3, $4, $5)',
      [adSet.id, campaign.id, key, adSet.name, adSet.status]);
    await client.query('insert into ad_creatives (id, account_id, job_key, name) values ($1, $2, $3, $4)',
      [creative.id, ACCOUNT, key, creative.name]);
    await client.query('insert into ads (id, ad_set_id, creative_id, job_key, name, status) values ($1, $2, $3, $4, $5, $6)',
      [ad.id, adSet.id, creative.id, key, ad.name, ad.status]);
    await client.query('commit');
  } catch (e) {
    await client.query('rollback');
    throw e;
  }
}

async function create(n) {
  const logger = new Logger(() => (level, message) => { if (level === 'error' || level === 'warning') console.error(message); });
  await pool.query(SCHEMA);
  await runMigrations({ pgPool: pool, logger });
  const batch = randomBytes(4).toString('hex');
  const utils = await makeWorkerUtils({ pgPool: pool, logger });
  const queueing = performance.now();
  await utils.addJobs(Array.from({ length: n }, (_, i) => ({
    identifier: 'create_tree', payload: { key: `${batch}${String(i).padStart(6, '0')}`, link: `https://example.com/p/${i}` } })));
  const queued = (performance.now() - queueing) / 1000;
  await utils.release();

  const taskList = {
    async create_tree(payload, { withPgClient }) {
      const tree = await createTree(payload);
      await withPgClient(client => saveTree(client, payload.key, tree));
    },
  };
  const before = process.cpuUsage(), started = performance.now();
  const runner = await run({ pgPool: pool, concurrency: CONCURRENCY, taskList, logger, parsedCronItems: [], ...tuning() });
  let succeeded = 0, gaveUp = 0, errors = 0;
  await new Promise(resolve => runner.events.on('job:complete', ({ job, error }) => {
    if (!job.payload?.key?.startsWith(batch)) return;                        // a job left over from an earlier run
    if (!error) succeeded++;
    else { errors++; if (job.attempts >= job.max_attempts) gaveUp++; }
    if (succeeded + gaveUp === n) resolve();
  }));
  const seconds = (performance.now() - started) / 1000, cpu = spent(before);
  await runner.stop();
  const { rows: [saved] } = await pool.query(
    `select count(*)::int as n from ads a join ad_sets s on s.id = a.ad_set_id join campaigns c on c.id = s.campaign_id
     join ad_creatives k on k.id = a.creative_id where a.job_key like $1`, [batch + '%']);
  return { n, seconds: round(seconds), per_second: round(n / seconds), ok: succeeded === n && saved.n === n, errors,
    queue_seconds: round(queued), cpu_seconds: round(spent()), work_cpu_seconds: round(cpu), cpu_ms_each: round(cpu * 1000 / n) };
}

// LOCAL_QUEUE=1: graphile-worker's tuning for throughput (jobs fetched and completed in batches); off = its defaults
function tuning() {
  if (!process.env.LOCAL_QUEUE) return {};
  return { preset: { worker: { localQueue: { size: CONCURRENCY * 5 }, completeJobBatchDelay: 5, failJobBatchDelay: 5 } } };
}

// ---------------------------------------------------------------- insights
const FIELDS = ['account_id', 'campaign_id', 'adset_id', 'ad_id', 'impressions', 'reach', 'clicks', 'spend', 'actions'];
const COLUMNS = {  // column: [type, value of a row]
  ad_id: ['text', r => r.ad_id], date_start: ['date', r => r.date_start], account_id: ['text', r => r.account_id],
  campaign_id: ['text', r => r.campaign_id], ad_set_id: ['text', r => r.adset_id], impressions: ['bigint', r => r.impressions ?? 0],
  reach: ['bigint', r => r.reach ?? 0], clicks: ['bigint', r => r.clicks ?? 0], spend: ['numeric', r => r.spend ?? 0],
  actions: ['jsonb', r => r.actions ? JSON.stringify(r.actions) : null],
};
const names = Object.keys(COLUMNS), values = Object.values(COLUMNS).map(c => c[1]);
const UPSERT = `insert into insights (${names.join(', ')})
  select * from unnest(${Object.values(COLUMNS).map(([type], i) => `$${i + 1}::${type}[]`).join(', ')})
  on conflict (ad_id, date_start) do update set synced_at = now(), ${names.slice(2).map(c => `${c} = excluded.${c}`).join(', ')}`;

async function upsert(rows) {
  for (let i = 0; i < rows.length; i += BATCH) {
    const part = rows.slice(i, i + BATCH);
    await pool.query({ name: 'upsert_insights', text: UPSERT, values: values.map(value => part.map(value)) });
  }
}

async function sdkPage(loading) {
  const cursor = await loading, rows = Array.from(cursor, row => row._data);   // copied: the cursor empties itself on next()
  return { rows, next: cursor.hasNext() ? () => sdkPage(cursor.next()) : null };
}

// RAW_ROWS=1: past the SDK's row objects, which define 193 properties each (the largest cost by far)
async function rawPage(path) {
  const { data, paging } = await FacebookAdsApi.getDefaultApi().call('GET', path, typeof path === 'string' ? {} : { limit: PAGE_SIZE });
  const next = paging?.next?.replace('https://graph.facebook.com', graphUrl);   // wherever a Graph is, its pages call themselves so
  return { rows: data, next: next ? () => rawPage(next) : null };
}

async function insights(account, since, until) {
  await pool.query(SCHEMA);
  const before = process.cpuUsage(), started = performance.now();
  const report = await new AdAccount(account).getInsightsAsync(FIELDS, { level: 'ad', time_increment: 1, time_range: { since, until } });
  for (let wait = 200; ; wait = Math.min(wait * 2, 5000)) {
    const { async_status: status } = await report.read([]);
    if (status === 'Job Completed') break;
    if (status === 'Job Failed' || status === 'Job Skipped') throw new Error(`report ${report.id}: ${status}`);
    await sleep(wait);
  }
  const ready = (performance.now() - started) / 1000;
  let count = 0, page = process.env.RAW_ROWS ? await rawPage([report.id, 'insights']) : await sdkPage(report.getInsights([], { limit: PAGE_SIZE }));
  while (page) {
    const [, next] = await Promise.all([upsert(page.rows), page.next?.()]);   // writes one page while it reads the next
    count += page.rows.length;
    page = next;
  }
  const seconds = (performance.now() - started) / 1000, cpu = spent(before);
  return { rows: count, seconds: round(seconds), rows_per_second: round(count / seconds),
    peak_rss_mb: round(process.resourceUsage().maxRSS / 1024), report_seconds: round(ready),
    cpu_seconds: round(spent()), work_cpu_seconds: round(cpu), cpu_us_each: round(cpu * 1e6 / count) };
}

// ----------------------------------------------------------------
const round = x => Math.round(x * 1000) / 1000;
function spent(since) { const { user, system } = process.cpuUsage(since); return (user + system) / 1e6; }

const [command, ...args] = process.argv.slice(2);
const commands = { create: () => create(Number(args[0])), insights: () => insights(...args) };
if (!commands[command] || args.length !== (command === 'create' ? 1 : 3) || (command === 'create' && !(Number(args[0]) > 0)))
  fail('usage: node peer.mjs create N | node peer.mjs insights ACCOUNT SINCE UNTIL');
try {
  console.log(JSON.stringify(await commands[command]()));
} finally {
  await pool.end();
}
