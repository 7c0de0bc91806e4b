// Package shrink makes failures readable: without it somebody would have to find by hand the few steps that matter in a story
// of hundreds. It takes away from a failing scenario, piece by piece, what the failure does not need, and makes simpler what
// is left, as long as the same thing goes wrong.
//
// What is tried is written as a file and read back before it runs, so that what is kept is exactly what a replay will do. The
// same story shrinks the same way; only a limit of time, or an interruption, can end it elsewhere.
package shrink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/sim/scenario"
)

// MaxTries bounds the runs of one shrinking.
const MaxTries = 100_000

// ErrPasses says that there is nothing to shrink.
var ErrPasses = errors.New("the story passes: there is nothing to shrink")

// Options bound a shrinking.
type Options struct {
	// Tries is how many candidates may be run; 0: MaxTries.
	Tries int
	// Progress is told after every run; nil: nobody is.
	Progress func(Progress)
}

// Progress is how far a shrinking has come.
type Progress struct {
	Tries, Kept int
	Pass        string // what is tried now
	Steps       int    // of the smallest story so far
	Lines       int
}

// Result is the smallest story that was found.
type Result struct {
	File    *scenario.File
	Text    []byte // the story as TOML
	Failure scenario.Failure
	Verdict scenario.Verdict
	Tries   int
	Whole   bool // nothing smaller was found; false: the limit came first, or an interruption
}

// shrinker is one shrinking under way.
type shrinker struct {
	ctx   context.Context
	o     Options
	aim   aim
	best  *scenario.File
	text  []byte
	last  scenario.Failure
	size  size
	seen  map[string]bool // what was tried, by its text
	pass  string
	tries int
	kept  int
}

// aim is what must go wrong in every smaller story.
type aim struct {
	verdict scenario.Verdict
	kind    string
	model   string // of the lock that it happened at; "": it belongs to none
	fault   string // that was placed and never did anything; "": it is not about one
}

// Shrink returns the smallest story it finds in which the same goes wrong as in f: the same verdict, the same kind of failure,
// on the same model of lock. Once something was found an end of ctx is no error: the Result is the smallest so far. The error
// is ErrPasses for a story that passes, and another for one that can't be run or written.
func Shrink(ctx context.Context, f *scenario.File, o Options) (*Result, error) {
	if o.Tries <= 0 || o.Tries > MaxTries {
		o.Tries = MaxTries
	}
	s := &shrinker{ctx: ctx, o: o, seen: map[string]bool{}}
	f = clone(f)
	prune(f) // the swarm also speaks of what is not there yet, which does nothing and can't be written
	text, err := scenario.Encode(f)
	if err != nil {
		return nil, err
	}
	if s.best, err = scenario.Decode(f.Path, text); err != nil {
		return nil, err
	}
	verdict, failures, err := s.run(s.best)
	switch {
	case err != nil:
		return nil, err
	case verdict == scenario.Pass:
		return nil, ErrPasses
	}
	s.last = failures[max(0, slices.IndexFunc(failures, func(x scenario.Failure) bool { return x.Verdict == verdict }))]
	s.aim = aim{verdict: verdict, kind: s.last.Kind, model: model(s.best, s.last)}
	if words := strings.Fields(s.last.Text); strings.HasSuffix(s.last.Text, "it never did") && words[1] == "fault" {
		s.aim.fault = words[2]
	}
	s.text, s.size = text, weigh(s.best, text)
	s.all()
	return &Result{
		File: s.best, Text: s.text, Failure: s.last, Verdict: verdict, Tries: s.tries, Whole: ctx.Err() == nil && s.tries < o.Tries,
	}, nil
}

// all goes through the passes until none finds anything smaller.
func (s *shrinker) all() {
	for before := -1; before != s.kept && !s.over(); {
		before = s.kept
		for _, p := range []struct {
			name string
			do   func()
		}{
			{"its lock alone", s.alone},
			{"what the failure does not need", s.bare},
			{"a shorter run", s.shorter},
			{"fewer steps", s.fewerSteps},
			{"fewer locks", s.fewerLocks},
			{"fewer expectations", s.fewerRest},
			{"fewer doors of one step", s.fewerDoors},
			{"plainer steps", s.plainer},
			{"rounder times", s.rounder},
			{"shorter names", s.renamed},
		} {
			s.pass = p.name
			p.do()
		}
	}
}

// over reports whether no more may be tried.
func (s *shrinker) over() bool { return s.ctx.Err() != nil || s.tries >= s.o.Tries }

// try keeps a candidate if it is smaller and fails the same way.
func (s *shrinker) try(f *scenario.File) bool {
	if s.over() {
		return false
	}
	text, err := scenario.Encode(f)
	if err != nil || s.seen[string(text)] {
		return false
	}
	s.seen[string(text)] = true
	if !weigh(f, text).less(s.size) {
		return false
	}
	read, err := scenario.Decode(s.best.Path, text)
	if err != nil {
		return false // it would not make sense
	}
	s.tries++
	x, same := s.same(read)
	if same {
		s.kept++
		s.best, s.text, s.size, s.last = read, text, weigh(read, text), x
	}
	if s.o.Progress != nil {
		s.o.Progress(Progress{s.tries, s.kept, s.pass, len(s.best.Steps), bytes.Count(s.text, []byte("\n"))})
	}
	return same
}

// same reports whether the story fails as it is to, and how.
func (s *shrinker) same(f *scenario.File) (scenario.Failure, bool) {
	if s.aim.fault != "" && !slices.ContainsFunc(f.Steps, func(x scenario.Step) bool { do, ok := x.Do.(scenario.Fault); return ok && do.Fault.Kind == s.aim.fault }) {
		return scenario.Failure{}, false
	}
	verdict, failures, err := s.run(f)
	if err != nil || verdict != s.aim.verdict {
		return scenario.Failure{}, false
	}
	for _, x := range failures {
		if x.Verdict == verdict && x.Kind == s.aim.kind && (s.aim.model == "" || model(f, x) == s.aim.model) {
			return x, true
		}
	}
	return scenario.Failure{}, false
}

// run plays a story. A run that breaks is a verdict with its error as the one failure; the error here is of ctx.
func (s *shrinker) run(f *scenario.File) (scenario.Verdict, []scenario.Failure, error) {
	res, err := scenario.Run(s.ctx, f, scenario.Options{Lean: true})
	switch {
	case s.ctx.Err() != nil:
		return 0, nil, fmt.Errorf("interrupted before anything was found: %w", s.ctx.Err())
	case err != nil:
		kind, _, _ := strings.Cut(err.Error(), ":")
		return scenario.Broken, []scenario.Failure{{Verdict: scenario.Broken, Text: err.Error(), Kind: kind}}, nil
	}
	return res.Verdict, res.Failures, nil
}

// model is that of the lock that a failure happened at; "": it belongs to none.
func model(f *scenario.File, x scenario.Failure) string {
	for _, l := range f.Spec.Locks {
		if l.ID == x.Device {
			return l.Model
		}
	}
	for _, s := range f.Steps {
		if add, ok := s.Do.(scenario.AddLock); ok && add.Lock.ID == x.Device {
			return add.Lock.Model
		}
	}
	return ""
}

// size orders stories: fewer lines, then fewer bytes, then rounder numbers, then a shorter run.
type size struct {
	lines, bytes, digits int
	run                  time.Duration
}

func weigh(f *scenario.File, text []byte) size {
	z := size{lines: bytes.Count(text, []byte("\n")), bytes: len(text), run: f.Run}
	for _, c := range text {
		if '1' <= c && c <= '9' {
			z.digits++
		}
	}
	return z
}

func (z size) less(o size) bool {
	switch {
	case z.lines != o.lines:
		return z.lines < o.lines
	case z.bytes != o.bytes:
		return z.bytes < o.bytes
	case z.digits != o.digits:
		return z.digits < o.digits
	default:
		return z.run < o.run
	}
}
