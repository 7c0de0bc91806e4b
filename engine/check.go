package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/lock"
)

// maxFindings bounds how many things a Report names; the others are counted.
const maxFindings = 10_000

// Report is what Check found.
type Report struct {
	Records  int // of the engine's
	Others   int // records of somebody else's: API keys, webhooks, simulated locks
	Findings []Finding
	More     int // findings beyond those that are named
}

// Finding is one thing that is wrong with what a store holds.
type Finding struct {
	Key     string
	Message string // what is wrong
	Remedy  string // what to do, where Repair can't
	repair  []store.Op
}

// Repairable reports whether what is wrong can be told from the other records, so that Repair mends it.
func (f Finding) Repairable() bool { return f.repair != nil }

// Check reads every record that an engine keeps in a store and holds them against one another; nothing is changed, and the
// store must not be written to meanwhile. told, unless it is nil, hears how many records were read. The error is the store's.
func Check(ctx context.Context, s store.Store, told func(records int)) (Report, error) {
	c := &examiner{
		devices: map[lock.DeviceID]*examined{}, codes: map[lock.CodeID][]standing{}, index: map[lock.CodeID]lock.DeviceID{},
	}
	const page = 1000
	for after := ""; ; {
		kvs, _, err := s.Scan(ctx, "", after, page)
		if err != nil {
			return c.report, err
		}
		for _, kv := range kvs {
			if c.record(kv) {
				c.report.Records++
			} else {
				c.report.Others++
			}
		}
		if told != nil {
			told(c.report.Records + c.report.Others)
		}
		if len(kvs) < page {
			break
		}
		after = kvs[len(kvs)-1].Key
	}
	if c.report.Records > 0 {
		c.whole()
	}
	return c.report, nil
}

// Repair mends what the findings of a report say can be mended, and returns how many that were. The store must be as it was
// when it was checked.
func Repair(ctx context.Context, s store.Store, r Report) (int, error) {
	n := 0
	for _, f := range r.Findings {
		if !f.Repairable() {
			continue
		}
		if _, err := s.Commit(ctx, nil, f.repair); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// examiner collects what Check has to remember of the records that it passed.
type examiner struct {
	report  Report
	devices map[lock.DeviceID]*examined
	codes   map[lock.CodeID][]standing
	index   map[lock.CodeID]lock.DeviceID // of cid/ records
	schema  bool
	secret  bool
	policy  bool
	mark    *commitMark // of meta/commit
	last    Seq         // of the journal
	gap     Seq         // the first that is missing
}

// examined is what there is of a device.
type examined struct {
	config, run bool
	blurred     bool // what it held does not read
}

// standing is where a code stands.
type standing struct {
	device lock.DeviceID
	live   bool
}

func (c *examiner) find(key, message, remedy string, repair ...store.Op) {
	if len(c.report.Findings) == maxFindings {
		c.report.More++
		return
	}
	c.report.Findings = append(c.report.Findings, Finding{key, message, remedy, repair})
}

const restoreIt = "restore the last backup, or report the record; meanwhile what hangs on it is left alone"

// record looks at one record by itself; false: it is not one of the engine's.
func (c *examiner) record(kv store.KV) bool {
	dir, rest, ok := strings.Cut(kv.Key, "/")
	if !ok {
		return false
	}
	switch dir + "/" {
	case "meta/":
		c.meta(kv)
	case dirAccount:
		if patch, ok := reads[PolicyPatch](c, kv, restoreIt); ok {
			c.valid(kv.Key, DefaultPolicy().Over(patch))
		}
	case dirLink:
		reads[link](c, kv, "", store.Op{Key: kv.Key, Delete: true}) // whether it answers is soon learnt again
	case dirConfig:
		reads[config](c, kv, restoreIt)
		c.device(lock.DeviceID(rest)).config = true
	case dirRun:
		c.run(lock.DeviceID(rest), kv)
	case dirHeld: // comes before dirRun
		_, err := decode[[]entry](kv.Key, kv.Val)
		c.device(lock.DeviceID(rest)).blurred = err != nil
	case dirCode, dirHistory:
		dev, id, _ := strings.Cut(rest, "/")
		reads[code](c, kv, restoreIt)
		c.codes[lock.CodeID(id)] = append(c.codes[lock.CodeID(id)], standing{lock.DeviceID(dev), dir+"/" == dirCode})
	case dirCodeID:
		c.index[lock.CodeID(rest)] = lock.DeviceID(kv.Val)
	case dirGroup:
		reads[group](c, kv, restoreIt)
	case dirIdem:
		reads[keptAnswer](c, kv, "its command is refused when it comes again; restore the last backup, or give the command another key")
	case dirUndo:
		reads[undo](c, kv, "its command can't be undone; nothing else hangs on it")
	case dirEvent:
		c.event(kv)
	default:
		return false
	}
	return true
}

// reads reports whether a record decodes, and notes it if it does not. With a repair the record is one that can be had again.
func reads[T any](c *examiner, kv store.KV, remedy string, repair ...store.Op) (T, bool) {
	v, err := decode[T](kv.Key, kv.Val)
	if err != nil { // its text may quote what stands in the record
		c.find(kv.Key, "the record does not read", remedy, repair...)
	}
	return v, err == nil
}

func (c *examiner) device(id lock.DeviceID) *examined {
	if c.devices[id] == nil {
		c.devices[id] = &examined{}
	}
	return c.devices[id]
}

// run looks at what goes on with a device. What the lock held when it was last seen can be had again: by a look, for which the
// device then asks before anything else is done to it.
func (c *examiner) run(id lock.DeviceID, kv store.KV) {
	d := c.device(id)
	d.run = true
	r, ok := reads[run](c, kv, restoreIt)
	if !ok || !d.blurred {
		return
	}
	r.Stale, r.Wake = fromUnix(1), fromUnix(1)
	d.blurred = false
	c.find(keyHeld(id), "the record does not read", "", store.Op{Key: keyHeld(id), Delete: true}, store.Op{Key: kv.Key, Val: encode(r)})
}

func (c *examiner) valid(key string, p Policy) {
	if err := p.Validate(); err != nil {
		c.find(key, err.Error(), "set the policy anew")
	}
}

func (c *examiner) meta(kv store.KV) {
	switch kv.Key {
	case keySchema:
		c.schema = true
		if n, err := strconv.Atoi(string(kv.Val)); err != nil || n < 1 {
			c.find(kv.Key, "is no number of a format", restoreIt)
		} else if n > Schema {
			c.find(kv.Key, fmt.Sprintf("the records have format %d, this version reads up to %d", n, Schema), "use the version that wrote them, or a newer one")
		}
	case keySecret:
		c.secret = len(kv.Val) == 32
	case keyPolicy:
		c.policy = true
		if p, ok := reads[Policy](c, kv, restoreIt); ok {
			c.valid(kv.Key, p)
		}
	case keyCommit:
		m, err := decode[commitMark](kv.Key, kv.Val)
		if err != nil {
			c.find(kv.Key, "the record does not read", restoreIt)
			return
		}
		c.mark = &m
	case keyRethink:
		reads[time.Time](c, kv, "", store.Op{Key: kv.Key, Delete: true})
	default:
		c.find(kv.Key, "is a record that this version does not know", "use the version that wrote it")
	}
}

func (c *examiner) event(kv store.KV) {
	ev, _ := reads[Event](c, kv, "what it told is lost; whoever reads the journal over it is stopped there")
	n, err := strconv.ParseInt(strings.TrimPrefix(kv.Key, dirEvent), 16, 64)
	if err != nil {
		c.find(kv.Key, "is no number of an event", "report the record")
		return
	}
	seq := Seq(n)
	if c.last > 0 && seq != c.last+1 && c.gap == 0 && ev.Type != rewound {
		c.gap = c.last + 1
	}
	c.last = seq
}

// whole holds the records against one another.
func (c *examiner) whole() {
	for _, x := range []struct {
		key   string
		there bool
	}{{keySchema, c.schema}, {keySecret, c.secret}, {keyPolicy, c.policy}} {
		if !x.there {
			c.find(x.key, "the record is missing", "restore the last backup: without it the others must not be used")
		}
	}
	switch {
	case c.mark == nil && c.last > 0:
		c.find(keyCommit, "the record is missing", restoreIt)
	case c.mark != nil && c.mark.Seq < c.last: // new events would be written over the last ones
		c.find(keyCommit, fmt.Sprintf("the last event is %d, and it speaks of %d", c.last, c.mark.Seq), "",
			store.Op{Key: keyCommit, Val: encode(commitMark{c.mark.Commit, c.last})})
	case c.mark != nil && c.last > 0 && c.mark.Seq > c.last:
		c.find(keyCommit, fmt.Sprintf("%d events were written, and the journal ends with %d", c.mark.Seq, c.last), "restore the last backup; only the tale of what happened is lost")
	}
	if c.gap > 0 {
		c.find(keyEvent(c.gap), "the event is missing from the journal", "restore the last backup; only the tale of what happened is lost")
	}
	for _, id := range slices.Sorted(maps.Keys(c.devices)) {
		switch d := c.devices[id]; {
		case !d.config && d.run:
			c.find(keyConfig(id), "the record is missing, and others of the device are there", restoreIt)
		case d.config && !d.run:
			c.find(keyRun(id), "the record is missing, and others of the device are there", restoreIt)
		case d.blurred:
			c.find(keyHeld(id), "the record does not read", restoreIt)
		case !d.config:
			c.find(keyHeld(id), "is of a device that is not there", "", store.Op{Key: keyHeld(id), Delete: true})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.codes)) {
		c.code(id, c.codes[id])
	}
	for _, id := range slices.Sorted(maps.Keys(c.index)) {
		if c.codes[id] == nil {
			c.find(keyCodeID(id), "leads to a code that is not there", "", store.Op{Key: keyCodeID(id), Delete: true})
		}
	}
}

// code holds the records of one code against the others.
func (c *examiner) code(id lock.CodeID, all []standing) {
	var live, last []standing
	for _, s := range all {
		if d := c.devices[s.device]; d == nil || !d.config {
			c.find(keyCode(s.device, id), "is of a device that is not there", restoreIt)
		}
		if s.live {
			live = append(live, s)
		}
		last = append(last, s)
	}
	switch {
	case len(live) > 1:
		c.find(keyCode(live[1].device, id), "the code stands on two devices", "look at both locks, and restore the last backup")
		return
	case len(live) == 1:
		last = live
	case len(last) > 1:
		return // it is gone from two devices, of which the index knows the last
	}
	if want := last[0].device; c.index[id] != want {
		c.find(keyCodeID(id), "does not lead to the device of the code, which is "+string(want), "", store.Op{Key: keyCodeID(id), Val: []byte(want)})
	}
}
