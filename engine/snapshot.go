package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/lock"
)

const (
	pageDefault = 100
	pageMax     = 1000
	searchMax   = 50_000 // codes that one search reads; its Next goes on from there
)

// Snapshot answers a query as of now. A *Refusal says what is wrong with the query.
func (e *Engine) Snapshot(ctx context.Context, now time.Time, q Query) (s Snapshot, err error) {
	defer caught(&err)
	now = now.UTC().Round(0)
	s = Snapshot{Seq: e.seq, Now: now, Fleet: e.totals}
	switch {
	case q.Limit < 0 || q.Limit > pageMax:
		return s, refuse("invalid_input", "limit", "must lie between 0 and 1000")
	case q.Limit == 0:
		q.Limit = pageDefault
	}
	switch q.View {
	case ViewFleet:
		return s, e.fleetPage(q, &s)
	case ViewArrivals:
		return s, e.arrivals(ctx, now, q, &s)
	case ViewToday:
		return s, e.today(ctx, now, q, &s)
	case ViewCode:
		return s, e.oneCode(ctx, now, q, &s)
	case ViewExplain:
		return s, e.explain(ctx, now, q, &s)
	case ViewHistory:
		return s, e.history(ctx, now, q, &s)
	case ViewCodes:
		if q.Device == "" {
			return s, e.allCodes(ctx, now, q, &s)
		}
	case ViewDevice:
	default:
		return s, refuse("invalid_input", "view", "no such view")
	}
	d, err := e.peek(ctx, q.Device)
	if err != nil {
		return s, err
	}
	if d == nil {
		return s, refuse("device_not_found", "device", "no device "+quote(string(q.Device)))
	}
	if q.View == ViewDevice {
		v := e.deviceView(now, d)
		s.Device = &v
	}
	s.Total = len(d.codes)
	room := s.Total
	if q.View == ViewCodes {
		room = min(room, q.Limit)
	}
	s.Codes = make([]CodeView, 0, room)
	for _, c := range d.codes {
		if q.View == ViewCodes {
			if string(c.ID) <= q.After {
				continue
			}
			if len(s.Codes) == q.Limit {
				s.Next = string(s.Codes[q.Limit-1].ID)
				break
			}
		}
		s.Codes = append(s.Codes, e.codeView(now, d, c, &q))
	}
	return s, nil
}

// peek loads a device for reading. A parked one is refused.
func (e *Engine) peek(ctx context.Context, id lock.DeviceID) (*device, error) {
	if d := e.cache.get(id); d != nil {
		return d, nil
	}
	if e.rows[id] == nil {
		return nil, nil
	}
	d, err := e.readDevice(ctx, id)
	var bad *recordError
	if errors.As(err, &bad) {
		return nil, bad.refusal()
	}
	if err == nil && d != nil {
		e.cache.trim()
		e.cache.put(d)
	}
	return d, err
}

// fleetPage finds the page without sorting the whole fleet: it keeps the first Limit rows after the cursor.
func (e *Engine) fleetPage(q Query, s *Snapshot) error {
	column, down := strings.CutPrefix(q.Sort, "-")
	if column != "" && !slices.Contains(columns(), column) {
		return refuse("invalid_input", "sort", "no column "+quote(column)+": one of "+strings.Join(columns(), ", "))
	}
	match, err := filter(q.Filter)
	if err != nil {
		return err
	}
	order := func(a, b *row) int {
		n := compareRows(a, b, column)
		if down {
			n = -n
		}
		return cmp.Or(n, cmp.Compare(a.id, b.id))
	}
	var after *row
	if q.After != "" {
		if after = e.rows[lock.DeviceID(q.After)]; after == nil {
			return refuse("invalid_input", "after", "the page before is no longer known: begin again")
		}
	}
	page := make([]*row, 0, q.Limit+1)
	for _, r := range e.rows { // the page is ordered, so the order of the map does not show
		if r.Removed || !match(r) {
			continue
		}
		s.Total++
		if after != nil && order(r, after) <= 0 {
			continue
		}
		if len(page) > q.Limit && order(r, page[q.Limit]) >= 0 {
			continue
		}
		i, _ := slices.BinarySearchFunc(page, r, order)
		if len(page) <= q.Limit {
			page = append(page, nil)
		}
		copy(page[i+1:], page[i:])
		page[i] = r
	}
	if len(page) > q.Limit {
		page = page[:q.Limit]
		s.Next = string(page[q.Limit-1].id)
	}
	for _, r := range page {
		s.Devices = append(s.Devices, r.line())
	}
	return nil
}

// filter makes a predicate of words: each must occur; !word must not; col:value looks in one column.
func filter(text string) (func(*row) bool, error) {
	if len(text) > 200 {
		return nil, refuse("invalid_input", "filter", "must have at most 200 characters")
	}
	type term struct {
		col, word string
		not       bool
	}
	var terms []term
	for _, w := range strings.Fields(strings.ToLower(text)) {
		var t term
		w, t.not = strings.CutPrefix(w, "!")
		if col, value, ok := strings.Cut(w, ":"); ok {
			t.col, w = col, value
			switch col {
			case "name", "account", "hub", "system", "model", "link", "issue", "status", "readiness", "id":
			default:
				return nil, refuse("invalid_input", "filter", "no column "+quote(col)+": one of name, id, account, hub, system, model, link, issue, status, readiness")
			}
		}
		if t.word = w; w != "" {
			terms = append(terms, t)
		}
	}
	return func(r *row) bool {
		for _, t := range terms {
			if r.has(t.col, t.word) == t.not {
				return false
			}
		}
		return true
	}, nil
}

func (r *row) has(col, word string) bool {
	in := func(s string) bool { return occurs(s, word) }
	switch col {
	case "":
		if r.sought == "" {
			r.sought = strings.ToLower(r.Name + "\n" + string(r.id) + "\n" + string(r.Account) + "\n" + string(r.Hub) + "\n" + r.System + "\n" + r.Model) // no word has an end of line
		}
		return strings.Contains(r.sought, word) || strings.Contains(r.Worst, word)
	case "name":
		return in(r.Name)
	case "id":
		return in(string(r.id))
	case "account":
		return in(string(r.Account))
	case "hub":
		return in(string(r.Hub))
	case "system":
		return in(r.System)
	case "model":
		return in(r.Model)
	case "issue":
		return in(r.Worst)
	case "readiness":
		return in(string(r.Readiness))
	case "link":
		return in(reachWord(r.Link))
	}
	n := map[string]uint16{"set": r.Set, "setting": r.Setting, "removing": r.Removing, "unset": r.Unset, "unknown": r.Unknown}[word]
	return n > 0
}

// occurs reports whether a word in lower case is part of s, whatever the case of s. It is asked a million times for one filter
// over a large fleet, so it makes no copy of s.
func occurs[T string | []byte](s T, word string) bool {
	if !isASCII(word) {
		return strings.Contains(strings.ToLower(string(s)), word)
	}
	for i := 0; i+len(word) <= len(s); i++ {
		j := 0
		for ; j < len(word); j++ {
			c := s[i+j]
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			if c != word[j] {
				break
			}
		}
		if j == len(word) {
			return true
		}
	}
	return false
}

func reachWord(r lock.Reach) string {
	return [...]string{"unknown", "online", "offline", "hub-down", "account-down"}[r]
}

// arrivalMark is where an arrival stands in their list; as text it is where a page ended.
type arrivalMark struct {
	rank   int // of its readiness
	starts int64
	id     lock.CodeID
}

func markOf(v *CodeView) arrivalMark {
	return arrivalMark{rank(v.Readiness), v.Starts.UnixNano(), v.ID}
}

func (m arrivalMark) compare(o arrivalMark) int {
	return cmp.Or(cmp.Compare(o.rank, m.rank), cmp.Compare(m.starts, o.starts), cmp.Compare(m.id, o.id))
}

func (m arrivalMark) String() string { return fmt.Sprintf("%d/%d/%s", m.rank, m.starts, m.id) }

func parseArrivalMark(text string) (m arrivalMark, err error) {
	worst, rest, _ := strings.Cut(text, "/")
	starts, id, _ := strings.Cut(rest, "/")
	m.id = lock.CodeID(id)
	var wrong error
	m.rank, err = strconv.Atoi(worst)
	m.starts, wrong = strconv.ParseInt(starts, 10, 64)
	if err != nil || wrong != nil {
		return m, refuse("invalid_input", "after", "is the end of no page")
	}
	return m, nil
}

// arrivals lists starts within 72 h, and stays under way that are in trouble, worst first. Whose readiness changes between two
// pages may stand on both, or on none.
func (e *Engine) arrivals(ctx context.Context, now time.Time, q Query, s *Snapshot) error {
	var after arrivalMark
	if q.After != "" {
		var err error
		if after, err = parseArrivalMark(q.After); err != nil {
			return err
		}
	}
	var ids []lock.DeviceID
	for _, r := range e.rows {
		if r.Readiness != "" && !r.Removed {
			ids = append(ids, r.id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		d, err := e.peek(ctx, id)
		if refusedFor(err, "device_parked") {
			continue
		}
		if err != nil {
			return err
		}
		for _, c := range d.codes {
			v := e.codeView(now, d, c, &q)
			if v.Readiness != "" && (v.Starts.After(now) || rank(v.Readiness) >= rank(ReadyAtRisk)) {
				s.Codes = append(s.Codes, v)
			}
		}
	}
	slices.SortStableFunc(s.Codes, func(a, b CodeView) int { return markOf(&a).compare(markOf(&b)) })
	s.Total = len(s.Codes)
	if q.After != "" {
		s.Codes = slices.DeleteFunc(s.Codes, func(v CodeView) bool { return markOf(&v).compare(after) <= 0 })
	}
	if len(s.Codes) > q.Limit {
		s.Codes = s.Codes[:q.Limit]
		s.Next = markOf(&s.Codes[q.Limit-1]).String()
	}
	return nil
}

func (e *Engine) oneCode(ctx context.Context, now time.Time, q Query, s *Snapshot) error {
	d, c, err := e.findCode(ctx, q.Code)
	if err == nil {
		s.Codes, s.Total = []CodeView{e.codeView(now, d, c, &q)}, 1
	}
	return err
}

// findCode reads a code, live or gone, and its device.
func (e *Engine) findCode(ctx context.Context, id lock.CodeID) (*device, *code, error) {
	none := refuse("access_code_not_found", "code", "no access code "+quote(string(id)))
	kv, err := e.store.Get(ctx, keyCodeID(id))
	if err != nil {
		return nil, nil, err
	}
	if kv.Rev == 0 {
		return nil, nil, none
	}
	d, err := e.peek(ctx, lock.DeviceID(kv.Val))
	if err != nil {
		return nil, nil, err
	}
	if d == nil {
		return nil, nil, none
	}
	if c := d.find(id); c != nil {
		return d, c, nil
	}
	old, err := e.store.Get(ctx, keyHistory(d.id(), id))
	if err != nil {
		return nil, nil, err
	}
	if old.Rev == 0 {
		return nil, nil, none
	}
	gone, err := decode[code](old.Key, old.Val)
	return d, &gone, err
}

func (e *Engine) history(ctx context.Context, now time.Time, q Query, s *Snapshot) error {
	d, err := e.peek(ctx, q.Device)
	if err != nil {
		return err
	}
	if d == nil {
		return refuse("device_not_found", "device", "no device "+quote(string(q.Device)))
	}
	after := ""
	if q.After != "" {
		after = keyHistory(d.id(), lock.CodeID(q.After))
	}
	kvs, _, err := e.store.Scan(ctx, keyHistories(d.id()), after, q.Limit)
	if err != nil {
		return err
	}
	for _, kv := range kvs {
		c, err := decode[code](kv.Key, kv.Val)
		if err != nil {
			return err
		}
		s.Codes = append(s.Codes, e.codeView(now, d, &c, &q))
	}
	if len(kvs) == q.Limit {
		s.Next = string(s.Codes[len(s.Codes)-1].ID)
	}
	s.Total = len(s.Codes)
	return nil
}

// Journal returns up to limit events after a sequence number, oldest first; limit 0: 100, at most 1000. Of the oldest only
// Options.Events are kept: whoever asks for what went before gets the first that is there, and sees the gap by its number.
func (e *Engine) Journal(ctx context.Context, after Seq, limit int) (events []Event, err error) {
	defer caught(&err)
	if limit <= 0 {
		limit = pageDefault
	}
	limit = min(limit, pageMax)
	if n := len(e.recent); n > 0 && after >= e.recent[0].Seq-1 {
		left := e.recent[min(n, int(after-e.recent[0].Seq)+1):]
		return slices.Clone(left[:min(limit, len(left))]), nil
	}
	from := ""
	if after > 0 {
		from = keyEvent(after)
	}
	kvs, _, err := e.store.Scan(ctx, dirEvent, from, limit)
	if err != nil {
		return nil, err
	}
	return decodeEvents(kvs)
}

func decodeEvents(kvs []store.KV) ([]Event, error) {
	events := make([]Event, 0, len(kvs))
	for _, kv := range kvs {
		ev, err := decode[Event](kv.Key, kv.Val)
		if err != nil {
			return nil, err
		}
		events = append(events, ev)
	}
	return events, nil
}
