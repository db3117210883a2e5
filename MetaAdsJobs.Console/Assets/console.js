// What the pages do beyond reading: times in the viewer's zone, and parts that follow what happens on the server.
(function () {
  'use strict';

  function localTimes(root) {
    const format = new Intl.DateTimeFormat(document.documentElement.lang === 'en' ? 'en-GB' : document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'medium' });
    for (const time of root.querySelectorAll('time[datetime]')) {
      const at = new Date(time.dateTime);
      if (!Number.isNaN(at.valueOf())) time.textContent = format.format(at);
    }
  }

  // What became of a form is told once: a link that is kept or sent on does not tell it again.
  function forgetNotice() {
    const here = new URL(location.href);
    if (!here.searchParams.has('done') && !here.searchParams.has('problem')) return;
    for (const told of ['done', 'problem']) here.searchParams.delete(told);
    history.replaceState(history.state, '', here);
  }

  const Rest = 2000, Patience = 5000, Silence = 40000;
  const parts = () => Array.from(document.querySelectorAll('[data-live]'));
  const kindsOf = part => part.dataset.live.split(' ').filter(Boolean);
  // As the server made it, before times were told in the viewer's zone and charts were drawn; a form's proof differs each time.
  const served = new WeakMap();
  function asServed(part) {
    const copy = part.cloneNode(true);
    for (const proof of copy.querySelectorAll('input[name="__RequestVerificationToken"]')) proof.remove();
    return copy.outerHTML;
  }

  // moved: kinds to be read anew; held: those whose part a person is typing in.
  const moved = new Set(), held = new Set();
  let events = null, heard = 0, planned = 0, reading = false, notBefore = 0, pressed = false;

  function plan() {
    if (planned || reading || pressed || document.hidden || moved.size === 0) return;
    planned = setTimeout(() => { planned = 0; refresh(); }, Math.max(0, notBefore - performance.now()));
  }

  async function refresh() {
    if (document.hidden || pressed) return; // Planned again once it is seen, or let go.
    reading = true;
    notBefore = performance.now() + Rest;
    const kinds = Array.from(moved);
    moved.clear();
    const later = () => kinds.forEach(kind => moved.add(kind));
    try {
      const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, redirect: 'manual' });
      // Led elsewhere: the session is over. The sign-in leads back here.
      if (answer.type === 'opaqueredirect') { again(); return; }
      if (!answer.ok) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      // What is under a finger stays until it is let go: else the click would be lost.
      if (pressed) { later(); return; }
      const fresh = page.querySelectorAll('[data-live]');
      parts().forEach((part, i) => { if (fresh[i] && kindsOf(part).some(kind => kinds.includes(kind))) replace(part, fresh[i]); });
      if (parts().every(part => kindsOf(part).length === 0)) unfollow();
    } catch (gone) {
      // The server or its database is away: tried again in a while.
      later();
      notBefore = performance.now() + Patience;
    } finally {
      reading = false;
      plan();
    }
  }

  function replace(part, fresh) {
    const next = asServed(fresh);
    if (next === served.get(part)) return;
    const focused = part.contains(document.activeElement) ? document.activeElement : null;
    if (focused?.matches('input:not([type=checkbox]), select, textarea, button')) { kindsOf(part).forEach(kind => held.add(kind)); return; }
    const adopted = document.importNode(fresh, true);
    served.set(adopted, next);
    localTimes(adopted);
    // What was told already is not told again.
    if (part.querySelector('[role="alert"], [role="status"], [aria-live]'))
      for (const told of adopted.querySelectorAll('[role="alert"], [role="status"]')) { told.removeAttribute('role'); told.setAttribute('aria-live', 'off'); }
    const find = placeOf(part, focused);
    const opened = Array.from(part.querySelectorAll('details'), one => one.open);
    const scrolled = Array.from(part.querySelectorAll('.wide'), one => one.scrollLeft);
    adopted.querySelectorAll('details').forEach((one, i) => { if (i < opened.length) one.open = opened[i]; });
    for (const ticked of part.querySelectorAll('input[type=checkbox][id]:checked')) {
      const again = adopted.querySelector('#' + CSS.escape(ticked.id));
      if (again) again.checked = true;
    }
    part.replaceWith(adopted);
    adopted.querySelectorAll('.wide').forEach((one, i) => { if (scrolled[i]) one.scrollLeft = scrolled[i]; });
    find(adopted)?.focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent('console:refreshed', { detail: adopted }));
  }

  // Where the focus was, to be found again in the new part: by its id, by its address, or as the nth summary.
  function placeOf(part, focused) {
    if (!focused) return () => null;
    if (focused.id) return root => root.querySelector('#' + CSS.escape(focused.id));
    const selector = focused.matches('a[href]') ? `a[href="${CSS.escape(focused.getAttribute('href'))}"]` : focused.matches('summary') ? 'summary' : null;
    if (!selector) return () => null;
    const nth = Array.from(part.querySelectorAll(selector)).indexOf(focused);
    return root => { const all = root.querySelectorAll(selector); return all[nth] ?? all[0]; };
  }

  // Asked for anew, never sent anew: the page may be the answer to a form.
  function again() { location.replace(location.pathname + location.search); }

  function unfollow() {
    events?.close();
    events = null;
    delete document.documentElement.dataset.following;
  }

  // Only while it is seen: a browser opens few streams at once, and a stream tells first of all that everything may have moved.
  function listen() {
    if (events || document.hidden || parts().every(part => kindsOf(part).length === 0)) return;
    heard = performance.now();
    const stream = events = new EventSource(`${document.querySelector('a.brand')?.getAttribute('href') ?? '/console'}/live`);
    for (const kind of ['open', 'moved', 'still']) stream.addEventListener(kind, () => { heard = performance.now(); });
    stream.addEventListener('moved', event => {
      if (!parts().some(part => kindsOf(part).includes(event.data))) return;
      moved.add(event.data);
      plan();
    });
    stream.addEventListener('over', again);
    stream.addEventListener('error', () => {
      // While the browser tries again by itself there is nothing to do. An answer that is no stream ends it: looked at by reading the page.
      if (stream !== events || stream.readyState !== EventSource.CLOSED) return;
      unfollow();
      parts().flatMap(kindsOf).forEach(kind => moved.add(kind));
      notBefore = performance.now() + Patience;
      plan();
      setTimeout(listen, Patience);
    });
    document.documentElement.dataset.following = 'yes';
  }

  function follow() {
    for (const part of parts()) served.set(part, asServed(part));
    if (!window.EventSource || parts().every(part => kindsOf(part).length === 0)) return;
    listen();
    addEventListener('pagehide', unfollow);
    addEventListener('pageshow', listen);
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) unfollow(); else listen();
      plan();
    });
    // A connection may die without a word.
    setInterval(() => { if (events && performance.now() - heard > Silence) { unfollow(); listen(); } }, Patience);
    document.addEventListener('pointerdown', event => { pressed = event.button === 0; }, true);
    // The click comes after the release: only then is anything replaced.
    const release = () => setTimeout(() => { pressed = false; plan(); });
    for (const end of ['pointerup', 'pointercancel', 'dragend', 'contextmenu']) document.addEventListener(end, release, true);
    addEventListener('blur', release);
    document.addEventListener('focusout', () => setTimeout(() => {
      held.forEach(kind => moved.add(kind));
      held.clear();
      plan();
    }));
  }

  // The menu's more is closed by a press anywhere else, and by Escape.
  function closeMore() {
    const close = event => {
      for (const menu of document.querySelectorAll('.top details[open]')) if (event.key === 'Escape' || !event.key && !menu.contains(event.target)) menu.open = false;
    };
    for (const kind of ['pointerdown', 'keydown']) document.addEventListener(kind, close);
  }

  // One tick for all of a page. Looked for at each press: the part it stands in is made anew.
  function tickAll() {
    document.addEventListener('change', event => {
      const name = event.target.dataset?.ticks;
      if (name) for (const box of document.querySelectorAll(`input[type=checkbox][name="${name}"]`)) box.checked = event.target.checked;
    });
  }

  // The preview follows what is typed: into the ad's own field, or else into the one whose value it takes.
  function mirror() {
    for (const part of document.querySelectorAll('[data-mirrors]')) {
      const inputs = part.dataset.mirrors.split(' ').map(name => document.querySelector(`form [name="${name}"]`)).filter(Boolean);
      const first = part.textContent;
      for (const each of inputs) each.addEventListener('input', () => {
        const input = inputs.find(one => one.value !== '') ?? each;
        let text = input.matches('select') ? (input.selectedOptions[0].dataset.name ?? input.selectedOptions[0].textContent).replaceAll('_', ' ') : input.value;
        if (part.dataset.as === 'host') text = URL.canParse(text) ? new URL(text).host : '';
        part.textContent = input.value === '' && input.matches('select') ? first : text;
      });
    }
  }

  // A choice on which it hangs what else is to be filled in needs no press.
  function press() {
    for (const choice of document.querySelectorAll('[data-presses]')) {
      const button = choice.form.querySelector(`button[value="${choice.dataset.presses}"]`);
      // Made before this was there to see it; who comes back to the page finds it as he left it, with the button.
      const shown = Array.from(choice.options).find(option => option.defaultSelected) ?? choice.options[0], isMade = choice.selectedOptions[0] !== shown;
      button.hidden = !isMade;
      choice.addEventListener('change', () => choice.form.requestSubmit(button));
      if (isMade && performance.getEntriesByType('navigation')[0]?.type !== 'back_forward') choice.form.requestSubmit(button);
    }
  }

  // The API judges what was typed, all of it at once and at the fields. Only what the browser cannot read, half a date for one, would reach it as nothing.
  function guard() {
    for (const form of document.querySelectorAll('form.new')) {
      form.noValidate = true;
      form.addEventListener('submit', event => {
        const unread = Array.from(form.elements).find(input => input.validity?.badInput);
        if (!unread) return;
        event.preventDefault();
        for (let around = unread.closest('details'); around; around = around.parentElement.closest('details')) around.open = true;
        unread.reportValidity();
      });
    }
  }

  // A long file tells how much of it is sent. The answer is another page, or the same with what is wrong.
  function send() {
    for (const form of document.querySelectorAll('form[data-sends]')) form.addEventListener('submit', event => {
      event.preventDefault();
      const button = form.querySelector('button[type=submit]'), bar = form.querySelector('progress'), input = form.querySelector('input[type=file]'), call = new XMLHttpRequest();
      // Told before it is sent for nothing.
      const tooLong = input.files[0]?.size > Number(form.dataset.sends);
      input.setCustomValidity(tooLong ? document.getElementById(input.getAttribute('aria-describedby').split(' ')[0]).textContent : '');
      if (tooLong) { input.reportValidity(); input.addEventListener('change', () => input.setCustomValidity(''), { once: true }); return; }
      [button.disabled, bar.hidden] = [true, false];
      call.upload.addEventListener('progress', sent => { if (sent.lengthComputable) bar.value = sent.loaded / sent.total; });
      call.addEventListener('load', () => {
        if (call.status < 300) { location.assign(call.responseURL); return; }
        const main = new DOMParser().parseFromString(call.responseText, 'text/html').querySelector('main');
        if (!main) { location.assign(form.action); return; }
        document.querySelector('main').replaceWith(document.adoptNode(main));
        send();
      });
      // Nothing was heard: the browser sends it once more, and tells what it hears itself.
      call.addEventListener('error', () => form.submit());
      call.open('POST', form.action);
      call.setRequestHeader('Accept', 'text/html');
      call.send(new FormData(form));
    });
  }

  // A file that is let go over the zone is as if it had been chosen; the field itself works by keyboard.
  function drop() {
    for (const zone of document.querySelectorAll('[data-drops]')) {
      const input = zone.querySelector('input[type=file]');
      const over = is => event => { event.preventDefault(); zone.classList.toggle('over', is); };
      for (const begun of ['dragenter', 'dragover']) zone.addEventListener(begun, over(true));
      zone.addEventListener('dragleave', over(false));
      zone.addEventListener('drop', event => {
        over(false)(event);
        if (event.dataTransfer.files.length > 0) { input.files = event.dataTransfer.files; input.focus(); }
      });
    }
  }

  forgetNotice();
  guard();
  send();
  drop();
  mirror();
  press();
  tickAll();
  closeMore();
  follow();
  localTimes(document);
})();
