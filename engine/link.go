package engine

import (
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

const (
	breakAfter = 3 // devices that must fail in a row before their common link is blamed
	probeMin   = 10 * time.Second
	probeMax   = 5 * time.Minute // between half-open probes, at most
	impatience = 4               // of whoever waits at a door: this part of the time that they have waited may pass between probes
)

// link is what several devices hang on together: an account, or a hub. When it is down its breaker holds every call of
// theirs back, but for one probe at a time: link/<scope>.
type link struct {
	Down    time.Time       `json:",omitzero"` // since; zero: up
	Blame   driver.Blame    `json:",omitzero"`
	Auth    bool            `json:",omitzero"` // the login is refused: nothing can be known
	Vendor  string          `json:",omitzero"`
	Failed  []lock.DeviceID `json:",omitzero"` // in a row, distinct
	ProbeAt time.Time       `json:",omitzero"`
	Probes  int             `json:",omitzero"` // failed ones
	Tried   time.Time       `json:",omitzero"` // the last call that had the chance to find it up
	Up      time.Time       `json:",omitzero"` // since; zero: it never was down
	Probing lock.DeviceID   `json:"-"`

	scope   string
	waiting map[lock.DeviceID]waiter // held back
	members int
	dirty   bool
}

// waiter is why a device that is held back waits.
type waiter struct {
	start time.Time // the next start there; zero: none
	since time.Time // from when on somebody waits before its door, or could open it and should not; zero: nobody does
}

// within is how long after a probe the next one is due for the waiter's sake. Nobody waits for much longer than they have waited already,
// and what lasts is not hammered: ten seconds at first, five minutes after twenty.
func (w waiter) within(now time.Time) time.Duration {
	if w.since.IsZero() {
		return probeMax
	}
	return min(max(now.Sub(w.since)/impatience, probeMin), probeMax)
}

func accountScope(id lock.AccountID) string          { return "a:" + string(id) }
func hubScope(a lock.AccountID, h lock.HubID) string { return "h:" + string(a) + ":" + string(h) }
func (l *link) open() bool                           { return l.Down.IsZero() }
func (l *link) isHub() bool                          { return strings.HasPrefix(l.scope, "h:") }

// flaps reports whether the link went down soon after it had come back.
func (l *link) flaps() bool { return l.Down.Sub(l.Up) < 2*probeMax }

// hastens reports whether more probes may find the link up sooner: not where only people can bring it back, or where calls fail that are no
// probes.
func (l *link) hastens() bool { return !l.Auth && !l.flaps() }

// link returns the state of a scope, up unless known otherwise.
func (e *Engine) link(scope string) *link {
	l := e.links[scope]
	if l == nil {
		l = &link{scope: scope, waiting: map[lock.DeviceID]waiter{}}
		e.links[scope] = l
	}
	return l
}

// linksOf are the links that the device hangs on: its account's, and its hub's if it has one.
func (e *Engine) linksOf(d *device) []*link {
	if d.hangs == nil {
		d.hangs = e.linksFor(d.Device.Account, d.Device.Hub)
	}
	return d.hangs
}

// linksFor are the links of whatever hangs on an account, and perhaps on a hub.
func (e *Engine) linksFor(account lock.AccountID, hub lock.HubID) []*link {
	links := []*link{e.link(accountScope(account))}
	if hub != "" {
		links = append(links, e.link(hubScope(account, hub)))
	}
	return links
}

// join counts a device among those of its links.
func (e *Engine) join(r *row) {
	for _, l := range e.linksFor(r.Account, r.Hub) {
		l.members++
	}
}

// gate returns the scope of the link that holds the device back; "": none does.
func (e *Engine) gate(d *device) string {
	held := ""
	for _, l := range e.linksOf(d) {
		if l.open() {
			continue
		}
		if l.Probing == d.id() {
			return "" // a probe of one link passes the other too: else two that are down would wait for each other
		}
		if held == "" {
			held = l.scope
		}
	}
	return held
}

// linkDown reports whether a link of the device is known to be down.
func (e *Engine) linkDown(d *device) bool {
	return slices.ContainsFunc(e.linksOf(d), func(l *link) bool { return !l.open() })
}

func (b *batch) changed(l *link) {
	if !l.dirty {
		l.dirty = true
		b.links = append(b.links, l.scope)
	}
}

// linkFailed blames a common link for a failed call; sure: the link itself said so.
func (b *batch) linkFailed(d *device, l *link, err *driver.Error, sure bool) {
	auth := err.Kind == driver.Unauthorized
	if !slices.Contains(l.Failed, d.id()) && len(l.Failed) < breakAfter {
		l.Failed = append(l.Failed, d.id())
		b.changed(l)
	}
	if l.open() {
		least := breakAfter
		if err.Blame == driver.BlameCloud || err.Blame == driver.BlameAccount {
			least = min(least, max(l.members, 1)) // it names itself: a lone device is enough
		}
		if !sure && len(l.Failed) < least {
			return
		}
		if l.Down = b.now; l.flaps() {
			l.Probes++ // what answers one call and refuses the next is no better than what is silent
		} else {
			l.Probes = 0
		}
		b.e.down = append(b.e.down, l)
		l.Auth, l.Vendor = auth, err.Vendor
		switch {
		case l.isHub():
			l.Blame = driver.BlameHub
		case auth:
			l.Blame = driver.BlameAccount
		default:
			l.Blame = driver.BlameCloud
		}
		i := l.issue()
		typ := "internal.issue.raised"
		if auth {
			typ = "connected_account.disconnected"
		}
		b.event(Event{Type: typ, Account: d.Device.Account, Hub: l.hub(), Issue: &i, Text: l.name() + ": " + i.Message})
		b.wakeMembers(l)
	} else if l.Probing == d.id() {
		l.Probes++
	} else {
		return
	}
	l.Auth = auth
	l.Probing, l.Tried = "", b.now
	wait := min(probeMax, backoff(probeMin, probeMax, l.Probes))
	for id, w := range l.waiting { // only the least matters, so the order does not
		if start := fromUnix(b.e.rows[id].Start); start.After(b.now) {
			wait = min(wait, max(start.Sub(b.now), probeMin))
		}
		if l.hastens() {
			wait = min(wait, w.within(b.now))
		}
	}
	l.ProbeAt = b.now.Add(wait)
	b.changed(l)
}

// linkWorks closes the breaker: everything that waited may go, with its backoff forgotten.
func (b *batch) linkWorks(d *device, l *link) {
	if l.open() && len(l.Failed) == 0 {
		return
	}
	l.Failed = nil
	b.changed(l)
	if l.open() {
		return
	}
	auth := l.Auth
	l.Down, l.ProbeAt, l.Up, l.Auth, l.Probing = time.Time{}, time.Time{}, b.now, false, ""
	b.e.down = slices.DeleteFunc(b.e.down, (*link).open)
	typ := "internal.issue.cleared"
	if auth {
		typ = "connected_account.connected"
	}
	b.event(Event{Type: typ, Account: d.Device.Account, Hub: l.hub(), Text: l.name() + " answers again"})
	clear(l.waiting)
	b.wakeMembers(l) // decideDevice then finds that their gate is open
}

// wakeMembers makes every device of a link due: how far it is reached, whether its arrivals are ready, and with a login the
// statuses of its codes, hang on it. They are too many for one commit.
func (b *batch) wakeMembers(l *link) {
	b.wakeAll(func(r *row) bool {
		return l.scope == accountScope(r.Account) || r.Hub != "" && l.scope == hubScope(r.Account, r.Hub)
	})
}

func (e *Engine) membersOf(id lock.AccountID) []lock.DeviceID {
	ids := map[lock.DeviceID]bool{}
	for _, r := range e.rows {
		if r.Account == id {
			ids[r.id] = true
		}
	}
	return sorted(ids)
}

// probes lets one device of each link whose probe is due try.
func (b *batch) probes() {
	var due []*link
	for _, l := range b.e.down {
		if l.Probing == "" && !l.ProbeAt.After(b.now) && len(l.waiting) > 0 {
			due = append(due, l)
		}
	}
	slices.SortFunc(due, func(a, b *link) int { return strings.Compare(a.scope, b.scope) })
	for _, l := range due {
		var first lock.DeviceID
		var at time.Time
		for id, w := range l.waiting {
			if first == "" || before(w.start, at) || w.start.Equal(at) && id < first {
				first, at = id, w.start
			}
		}
		d := b.device(first)
		delete(l.waiting, first)
		if d == nil {
			continue
		}
		l.Probing = first
		if d.Asked.IsZero() {
			d.Asked = b.now
		}
		d.RetryAt, d.dirtyRun = time.Time{}, true
	}
}

// before orders instants with zero last.
func before(a, b time.Time) bool {
	return !a.IsZero() && (b.IsZero() || a.Before(b))
}

// nextProbe is the earliest probe of a link that somebody waits for.
func (e *Engine) nextProbe() time.Time {
	var at time.Time
	for _, l := range e.down {
		if l.Probing == "" && len(l.waiting) > 0 {
			at = earliest(at, l.ProbeAt)
		}
	}
	return at
}

func (l *link) name() string {
	if l.isHub() {
		return "hub " + string(l.hub())
	}
	return "account " + l.scope[len("a:"):]
}

// hub is the id of a link that is one; "": it is an account.
func (l *link) hub() lock.HubID {
	if !l.isHub() {
		return ""
	}
	return lock.HubID(l.scope[strings.LastIndexByte(l.scope, ':')+1:])
}

// issue is what a link that is down means to its devices.
func (l *link) issue() Issue {
	code := "provider_down"
	switch {
	case l.isHub():
		code = "hub_disconnected"
	case l.Auth:
		code = "account_disconnected"
	}
	i := issue(code, l.Down)
	i.Vendor = l.Vendor
	return i
}

// backoff is min doubled n times, at most max.
func backoff(min, max time.Duration, n int) time.Duration {
	for ; n > 0 && min < max; n-- {
		min *= 2
	}
	if min > max {
		return max
	}
	return min
}
