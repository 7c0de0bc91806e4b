package engine

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/lock"
)

// Schema is the number of the record format that this engine writes.
const Schema = 1

const (
	maxDue     = 64      // devices whose wake is handled by one step: whoever sends a command meanwhile waits for it
	maxHinted  = 256     // devices of an account that are looked at because of one hint
	cacheCodes = 1 << 16 // Options.Cache, unless it is given: about 80 MiB
	maxZones   = 1000    // names of time zones kept in memory
	maxShared  = 1 << 20 // bytes of the buffer in which commits are put together that are kept for the next
)

// Options opens an engine.
type Options struct {
	Store  store.Store
	Secret []byte // 32 bytes, used only if the store has none yet; nil: drawn from the system
	Policy Policy // the default policy, used only if the store has none yet; zero: DefaultPolicy
	Cache  int    // codes kept decoded in memory, about 1.2 KiB each; a device counts as two more; 0: 65 536
	Events int    // lines kept of the journal, about 300 bytes each; 0: a million
}

// journalEvents is how many lines of the journal are kept unless told.
const journalEvents = 1_000_000

// Engine schedules access codes. It is not safe for concurrent use: its host serialises Step, Snapshot and Journal.
type Engine struct {
	store   store.Store
	limits  store.Limits
	keeps   int // Options.Cache
	lines   int // Options.Events
	first   Seq // the oldest line that is kept
	secret  []byte
	keyed   hash.Hash // by the secret; nil: not asked yet
	hashed  []byte    // room for what it is asked
	policy  Policy
	rethink time.Time // not every device has thought again since the policy changed then; zero: all have
	seq     Seq       // of the last event
	commits int64     // number of the last commit
	opened  time.Time
	booted  bool

	wakes    *wakes
	rows     map[lock.DeviceID]*row
	accounts map[lock.AccountID]PolicyPatch
	links    map[string]*link
	cache    *cache
	crashed  []lock.DeviceID // devices with a call in flight when the engine was opened
	totals   Totals
	zones    zones
	down     []*link // the links that are not open
	step     int64   // numbers steps
	batch    batch   // of the step under way
	writes   writes  // of the commit under way
	prune    pruning // of records that are too old
	room     room    // for one device's thought
	listed   []entry // what one look showed
	recent   []Event // what the last step told: most readers ask for no more

	parked map[lock.DeviceID]*recordError // left alone because of a record
	untold []lock.DeviceID                // those of them that were not told yet
	bugs   map[lock.DeviceID]string       // what the thought about a device ended in, in this step
	spoilt map[int]*bugError              // and the commands of this step that met a bug, by their place among its inputs
	think  func(*batch, *device)          // (*batch).decideDevice
}

// ErrNewer is returned by Open for a store that a later version has written.
var ErrNewer = errors.New("the store was written by a newer version")

// Open reads what a store holds. One Step with no input then resumes everything: a call that was in flight counts as
// ambiguous, so the lock is looked at before anything else is done to it.
func Open(ctx context.Context, o Options) (*Engine, error) {
	e := &Engine{store: o.Store, limits: o.Store.Limits(), keeps: cmp.Or(o.Cache, cacheCodes), lines: cmp.Or(o.Events, journalEvents), think: (*batch).decideDevice}
	if err := e.prepare(ctx, o); err != nil {
		return nil, err
	}
	return e, e.load(ctx)
}

// prepare reads the meta records, or writes them into an empty store.
func (e *Engine) prepare(ctx context.Context, o Options) error {
	schema, err := e.store.Get(ctx, keySchema)
	if err != nil {
		return err
	}
	if schema.Rev == 0 {
		return e.create(ctx, o)
	}
	n, err := strconv.Atoi(string(schema.Val))
	switch {
	case err != nil:
		return fmt.Errorf("record %s is not a number", keySchema)
	case n > Schema:
		return fmt.Errorf("%w: its records have format %d, this version reads up to %d", ErrNewer, n, Schema)
	case n < Schema:
		if err := migrate(ctx, e.store, n); err != nil {
			return err
		}
	}
	secret, err := e.store.Get(ctx, keySecret)
	if err != nil {
		return err
	}
	if e.secret = secret.Val; len(e.secret) == 0 {
		return fmt.Errorf("record %s is missing: every PIN drawn without it could be guessed", keySecret)
	}
	return nil
}

func (e *Engine) create(ctx context.Context, o Options) error {
	e.secret, e.policy = o.Secret, o.Policy
	if e.secret == nil {
		e.secret = make([]byte, 32)
		rand.Read(e.secret)
	}
	if e.policy == (Policy{}) {
		e.policy = DefaultPolicy()
	}
	if err := e.policy.Validate(); err != nil {
		return err
	}
	_, err := e.store.Commit(ctx, []store.Cond{{Key: keySchema}}, []store.Op{
		{Key: keySchema, Val: []byte(strconv.Itoa(Schema))},
		{Key: keySecret, Val: e.secret},
		{Key: keyPolicy, Val: encode(e.policy)},
	})
	return err
}

// load builds what is kept in memory from the store: never from what was there before.
func (e *Engine) load(ctx context.Context) error {
	e.wakes, e.rows = newWakes(), map[lock.DeviceID]*row{}
	e.accounts, e.links, e.down = map[lock.AccountID]PolicyPatch{}, map[string]*link{}, nil
	e.zones, e.prune = zones{}, pruning{dir: dirIdem}
	e.cache, e.crashed, e.totals = newCache(e.keeps), nil, Totals{}
	e.parked, e.untold = map[lock.DeviceID]*recordError{}, nil
	policy, err := e.store.Get(ctx, keyPolicy)
	if err != nil {
		return err
	}
	if e.policy, err = decode[Policy](policy.Key, policy.Val); err != nil {
		return err
	}
	rethink, err := e.store.Get(ctx, keyRethink)
	if err != nil {
		return err
	}
	if e.rethink = (time.Time{}); rethink.Rev != 0 {
		if e.rethink, err = decode[time.Time](rethink.Key, rethink.Val); err != nil {
			return err
		}
	}
	commit, err := e.store.Get(ctx, keyCommit)
	if err != nil {
		return err
	}
	if commit.Rev != 0 {
		c, err := decode[commitMark](commit.Key, commit.Val)
		if err != nil {
			return err
		}
		e.commits, e.seq = c.Commit, c.Seq
	}
	oldest, _, err := e.store.Scan(ctx, dirEvent, "", 1)
	if err != nil {
		return err
	}
	e.first = e.seq + 1
	for _, kv := range oldest {
		ev, err := decode[Event](kv.Key, kv.Val)
		if err != nil {
			return err
		}
		e.first = ev.Seq
	}
	err = e.each(ctx, dirAccount, func(kv store.KV) error {
		patch, err := decode[PolicyPatch](kv.Key, kv.Val)
		id := kv.Key[len(dirAccount) : len(kv.Key)-len("/policy")]
		e.accounts[lock.AccountID(id)] = patch
		return err
	})
	if err != nil {
		return err
	}
	err = e.each(ctx, dirLink, func(kv store.KV) error {
		l, err := decode[link](kv.Key, kv.Val)
		l.scope, l.waiting = kv.Key[len(dirLink):], map[lock.DeviceID]waiter{}
		l.Probing = ""
		e.links[l.scope] = &l
		if !l.open() {
			e.down = append(e.down, &l)
		}
		return err
	})
	if err != nil {
		return err
	}
	err = e.each(ctx, dirRun, func(kv store.KV) error {
		s, err := decode[runHead](kv.Key, kv.Val)
		id := lock.DeviceID(kv.Key[len(dirRun):])
		if err != nil {
			s = runHead{Row: summary{Name: string(id), Battery: -1}}
		}
		r := &row{id: id, summary: s.Row}
		e.rows[id] = r
		e.join(r)
		e.totals.add(&r.summary, 1)
		if err != nil {
			e.park(id, unreadable(err))
			return nil
		}
		e.wakes.set(r, s.Wake)
		if s.Flight != nil {
			e.crashed = append(e.crashed, id)
		}
		if s.Gate != "" && !e.link(s.Gate).open() {
			e.link(s.Gate).waiting[id] = waiter{start: fromUnix(s.Row.Start)}
		}
		comes := max(down(e.linksFor(s.Row.Account, s.Row.Hub)), lock.LockDown) // what is nearer no link tells
		if comes != max(s.Row.Link, lock.LockDown) || e.link(accountScope(s.Row.Account)).Auth != (s.Row.Unknown > 0) {
			e.wakes.set(r, fromUnix(1)) // its link came or went, and the end came before it was told
		} else if !e.rethink.IsZero() {
			e.wakes.set(r, earliest(s.Wake, e.rethink)) // it may not have heard of a new policy
		}
		return nil
	})
	return err
}

// commitMark is what each commit writes beside its records, to tell an unknown one apart.
type commitMark struct {
	Commit int64
	Seq    Seq
}

func (m *commitMark) bounds() error {
	if m.Commit < 0 || m.Seq < 0 {
		return errors.New("numbers go up from 0")
	}
	return nil
}

// runHead is the part of run that opening needs.
type runHead struct {
	Wake   time.Time
	Flight *struct{ ID CallID }
	Gate   string
	Row    summary
}

// each calls fn for every record under prefix, in pages.
func (e *Engine) each(ctx context.Context, prefix string, fn func(store.KV) error) error {
	const page = 1000
	after := ""
	for {
		kvs, _, err := e.store.Scan(ctx, prefix, after, page)
		if err != nil {
			return err
		}
		for _, kv := range kvs {
			if err := fn(kv); err != nil {
				return err
			}
		}
		if len(kvs) < page {
			return nil
		}
		after = kvs[len(kvs)-1].Key
	}
}

// Seq is the number of the last event written.
func (e *Engine) Seq() Seq { return e.seq }

// Step applies inputs, thinks about every device that they touch and every device whose wake has come, commits, and only
// then says what is to be called. Work.Taken may be less than len(in): offer the rest again. An error means that the store
// is broken, or that it is not known what it holds: nothing was acknowledged, and the engine has reread what is there.
func (e *Engine) Step(now time.Time, in ...Input) (Work, error) {
	now = now.UTC().Round(0)
	ctx := context.Background()
	if !e.booted {
		e.opened, e.booted = now, true
	}
	e.spoilt = nil
	for most := maxDue + len(in) + len(e.crashed); ; {
		b := e.begin(ctx, now)
		w := e.fill(b, in, most)
		if b.err == nil {
			b.err = e.commit(ctx, b)
		}
		if b.err == nil {
			clear(e.bugs)
			b.show()
			b.answer(nil)
			w.Calls, w.Wake, w.Seq = b.calls, e.nextWake(now), e.seq
			return w, nil
		}
		tooBig, suspect := errors.Is(b.err, store.ErrTooBig), e.suspect(b.err)
		made, err := e.reread(ctx, b, tooBig || suspect)
		switch units := len(b.resumed) + w.Taken + w.Woken; {
		case err != nil:
			b.answer(errors.Join(b.err, err))
			return Work{Taken: w.Taken}, errors.Join(b.err, err)
		case made:
			b.answer(nil)
			w.Wake, w.Seq = e.nextWake(now), e.seq
			return w, nil
		case suspect:
			continue // without a thought about the device that it failed for
		case tooBig && units > 1:
			most = units / 2 // what one commit takes was guessed too high
			continue
		case tooBig && w.Taken == 1 && isAnswer(in[0]):
			in = append([]Input{unkept(in[0].(Outcome))}, in[1:]...)
			continue
		case tooBig && w.Taken == 1:
			b.err = refuse("too_large", "", "")
			if _, ok := in[0].(Submission); ok {
				b.answer(b.err)
				return Work{Taken: 1, Wake: e.nextWake(now), Seq: e.seq}, nil
			}
		}
		b.answer(b.err)
		return Work{Taken: w.Taken, Wake: e.nextWake(now), Seq: e.seq}, b.err
	}
}

// fill puts into a batch what one commit may take, at most so many things: calls that a crash has ended, inputs, and devices
// whose wake has come. Then it decides.
func (e *Engine) fill(b *batch, in []Input, most int) (w Work) {
	b.tellParked()
	for ; most > 0 && len(e.crashed) > 0 && !b.full(); most-- {
		b.crashed(e.crashed[0])
		b.resumed, e.crashed = append(b.resumed, e.crashed[0]), e.crashed[1:]
	}
	for ; most > 0 && w.Taken < len(in) && len(e.crashed) == 0 && (w.Taken == 0 || !b.full()); most-- {
		b.apply(in[w.Taken], w.Taken)
		w.Taken++
	}
	for ; most > 0 && w.Woken < maxDue && b.err == nil && !b.full(); most-- {
		r, ok := e.wakes.due(b.now)
		if !ok {
			break
		}
		w.Woken++
		e.wakes.set(r, time.Time{})
		b.wake(r)
	}
	b.rethought()
	b.decide()
	b.prune()
	return w
}

// nextWake is the next moment at which a device, or the probe of a link, wants a step.
func (e *Engine) nextWake(now time.Time) time.Time {
	if len(e.crashed) > 0 {
		return now
	}
	return earliest(e.wakes.next(), e.nextProbe())
}

// commit writes the batch and moves what is in memory.
func (e *Engine) commit(ctx context.Context, b *batch) error {
	w := &e.writes
	w.reset()
	b.records(w)
	var rev store.Rev
	if len(w.ops) > 0 {
		w.mark = commitMark{e.commits + 1, b.seq}
		put(w, keyCommit, &w.mark, encodeCommit)
		var err error
		if rev, err = e.store.Commit(ctx, w.conds, w.ops); err != nil {
			return err
		}
		e.commits++
	}
	b.committed(rev) // with nothing written too: wakes that were taken are put back
	e.seq, e.recent, e.first = b.seq, b.events, w.first
	return nil
}

// reread drops everything in memory and reads the store again. made: the batch's commit is there, although it was not
// acknowledged; its calls, already recorded as in flight, will not be made and so count as ended by a crash. If it was not
// made, so do the calls whose outcomes it held, unless the same inputs come again. The host still has all others in flight.
func (e *Engine) reread(ctx context.Context, b *batch, again bool) (made bool, err error) {
	before, opened := e.commits, e.opened
	ended := map[lock.DeviceID]bool{}
	for _, id := range e.crashed {
		ended[id] = true
	}
	if err := e.load(ctx); err != nil {
		return false, err
	}
	e.opened, e.booted = opened, true
	made = e.commits > before
	if made {
		for _, c := range b.calls {
			ended[c.Device] = true
		}
	} else {
		for _, id := range b.resumed {
			ended[id] = true
		}
		for _, id := range b.ended {
			ended[id] = ended[id] || !again
		}
	}
	e.crashed = slices.DeleteFunc(e.crashed, func(id lock.DeviceID) bool { return !ended[id] })
	return made, nil
}
