// What the pages do beyond reading: times in the viewer's zone, and parts that follow what happens on the server.
(function () {
  'use strict';

  function localTimes(root) {
    const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'medium' });
    for (const time of root.querySelectorAll('time[datetime]')) {
      const at = new Date(time.dateTime);
      if (!Number.isNaN(at.valueOf())) time.textContent = format.format(at);
    }
  }

  // A part is read anew with its page and put in place of the old one; nobody's typing is disturbed.
  let reading = false, again = false;
  async function refresh() {
    if (reading) { again = true; return; }
    reading = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, redirect: 'manual' });
      // Led elsewhere: the session is over. The sign-in leads back here.
      if (answer.type === 'opaqueredirect') location.reload();
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const fresh = page.querySelectorAll('[data-live]');
      document.querySelectorAll('[data-live]').forEach((part, i) => {
        const next = fresh[i];
        if (!next || part.contains(document.activeElement) && document.activeElement.matches('input, select, textarea, button')) return;
        const adopted = document.importNode(next, true);
        localTimes(adopted);
        part.replaceWith(adopted);
        document.dispatchEvent(new CustomEvent('console:refreshed', { detail: adopted }));
      });
    } catch (gone) {
      // The server is away: the next event, or the person, tries again.
    } finally {
      reading = false;
      if (again) { again = false; setTimeout(refresh, 300); }
    }
  }

  function follow() {
    const kinds = new Set(Array.from(document.querySelectorAll('[data-live]')).flatMap(part => part.dataset.live.split(' ')).filter(Boolean));
    if (kinds.size === 0 || !window.EventSource) return;
    const events = new EventSource('/console/live');
    events.addEventListener('moved', event => { if (kinds.has(event.data)) refresh(); });
    events.addEventListener('over', () => location.reload());
    addEventListener('pagehide', () => events.close());
    document.documentElement.dataset.following = 'yes';
  }

  // The preview follows what is typed.
  function mirror() {
    for (const part of document.querySelectorAll('[data-mirrors]')) {
      const input = document.querySelector(`form [name="${part.dataset.mirrors}"]`);
      const first = part.textContent;
      input?.addEventListener('input', () => {
        let text = input.matches('select') ? input.selectedOptions[0].textContent.replaceAll('_', ' ') : input.value;
        if (part.dataset.as === 'host') text = URL.canParse(text) ? new URL(text).host : '';
        part.textContent = input.value === '' && input.matches('select') ? first : text;
      });
    }
  }

  localTimes(document);
  mirror();
  follow();
})();
