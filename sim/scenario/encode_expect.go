package scenario

import (
	"fmt"
	"slices"
)

// expectDecls are the expectations as the file says them, in its order.
func (f *File) expectDecls() ([]expectDecl, error) {
	expects := slices.Clone(f.Expects)
	slices.SortStableFunc(expects, func(a, b Expect) int { return a.Pos.Compare(b.Pos) })
	codes, locks := f.brought(), f.mounted(Step{})
	var out []expectDecl
	for _, x := range expects {
		d := expectDecl{needs: every(x.Needs)}
		if !x.At.Equal(f.End()) {
			d.t = f.at(x.At)
		}
		var err error
		switch {
		case x.Code != nil:
			f.expectsCode(&d, x.Code)
			d.code, err = all(x.Code.Codes, codes)
		case x.Lock != nil:
			f.expectsLock(&d, x.Lock)
			d.lock, err = all(x.Lock.Locks, locks)
		case x.Event != nil:
			f.expectsEvent(&d, x.Event)
			if len(x.Event.Codes) > 0 {
				d.code, err = all(x.Event.Codes, codes)
			}
			if len(x.Event.Locks) > 0 && err == nil {
				d.lock, err = all(x.Event.Locks, locks)
			}
		}
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// all is the name or pattern that means these and no others.
func all[S ~string](these []S, there []string) (given[string], error) {
	names := make([]string, len(these))
	for i, s := range these {
		names[i] = string(s)
	}
	name, ok := pattern(names, there)
	if !ok {
		return given[string]{}, fmt.Errorf("an expectation: no pattern means just %q", names)
	}
	return exactly(name), nil
}

func (f *File) expectsCode(d *expectDecl, x *ExpectCode) {
	d.count, d.status, d.codeType, d.scheduled, d.native = maybe(x.Count), maybe(x.Status), maybe(x.Type), maybe(x.Scheduled), maybe(x.Native)
	d.evidence, d.readiness, d.issue, d.noIssue, d.clean = maybe(x.Evidence), maybe(x.Readiness), every(x.Issues), every(x.NoIssues), said(x.Clean)
	d.blame, d.other, d.mutation, d.pulled, d.inHouse = maybe(x.Blame), maybe(x.Other), maybe(x.Mutation), maybe(x.Pulled), maybe(x.InHouse)
	d.exposed, d.exposure, d.unverified = maybe(x.ExposureMin), maybe(x.ExposureMax), maybe(x.Unverified)
	d.starts, d.ends, d.onLock, d.opens, d.digits = f.instant(x.Starts), f.instant(x.Ends), maybe(x.Held), maybe(x.Opens), maybe(x.Digits)
}

func (f *File) expectsLock(d *expectDecl, x *ExpectLock) {
	d.count, d.held, d.unmanaged, d.pool, d.free = maybe(x.Count), maybe(x.Held), maybe(x.Unmanaged), maybe(x.Pool), maybe(x.SlotsFree)
	d.issue, d.noIssue, d.clean, d.blame = every(x.Issues), every(x.NoIssues), said(x.Clean), maybe(x.Blame)
	d.radioMax, d.exposed, d.exposure = maybe(x.RadioMax), maybe(x.ExposureMin), maybe(x.ExposureMax)
	if x.Link != nil {
		d.link = exactly(linkNames()[*x.Link])
	}
}

func (f *File) expectsEvent(d *expectDecl, x *ExpectEvent) {
	d.event = exactly(x.Type)
	switch {
	case x.Min == x.Max:
		d.count = exactly(x.Min)
	case x.Max >= 0:
		d.least, d.most = said(x.Min), exactly(x.Max)
	case x.Min != 1:
		d.least = exactly(x.Min)
	}
	if !x.Closed {
		d.between = every([]moment{f.momentOf(x.From), f.momentOf(x.To)})
	}
}

// decl is what must hold over the whole run, as the file says it.
func (c Check) decl() checkDecl {
	d := checkDecl{always: every(c.Always), lenient: said(c.Lenient)}
	var seen []string
	for _, s := range c.Sometimes {
		seen = append(seen, s.Kind+":"+s.Name)
	}
	d.sometimes = every(seen)
	l := limitsDecl{limitDecl: c.Limits.decl(), locks: limitsByName(c.PerLock), systems: limitsByName(c.PerSystem)}
	d.limits = given[limitsDecl]{v: l, ok: len(limitsShape().lines(&l)) > 0}
	return d
}

func limitsByName[K ~string](all map[K]Limits) given[map[string]given[limitDecl]] {
	out := map[string]given[limitDecl]{}
	for name, l := range all {
		out[string(name)] = exactly(l.decl())
	}
	return given[map[string]given[limitDecl]]{v: out, ok: len(out) > 0}
}

func (l Limits) decl() limitDecl {
	return limitDecl{exposure: maybe(l.Exposure), sets: maybe(l.Sets), clears: maybe(l.Clears), observes: maybe(l.Observes)}
}
