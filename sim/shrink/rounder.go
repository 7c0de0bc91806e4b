package shrink

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/scenario"
)

// units are what instants are rounded to, coarsest first.
var units = [...]time.Duration{24 * time.Hour, 12 * time.Hour, 6 * time.Hour, time.Hour, 30 * time.Minute, 10 * time.Minute, 5 * time.Minute, time.Minute, time.Second}

// rounder closes gaps in which nothing happens, and makes instants round.
func (s *shrinker) rounder() {
	s.plainStart()
	if s.dated() {
		return
	}
	for _, unit := range units {
		s.move(func(d time.Duration) time.Duration { return d.Round(unit) })
	}
	for i := 1; i < len(s.moments()) && !s.over(); i++ {
		all := s.moments()
		at, gap := all[i], all[i]-all[i-1]
		for _, short := range shorterThan(gap) {
			if s.move(func(d time.Duration) time.Duration {
				if d >= at {
					return d - gap + short
				}
				return d
			}) {
				break
			}
		}
	}
	for i := 0; i < len(s.moments()) && !s.over(); i++ {
		at := s.moments()[i]
		for _, unit := range units {
			if s.move(func(d time.Duration) time.Duration {
				if d == at {
					return d.Round(unit)
				}
				return d
			}) {
				break
			}
		}
	}
}

// dated reports whether the instants of the story belong to what fails: an expectation means what it says at its time alone,
// while a promise of the engine holds always.
func (s *shrinker) dated() bool { return s.aim.verdict == scenario.Expectation }

// plainStart moves the whole story to a plain day.
func (s *shrinker) plainStart() {
	start := s.best.Start
	for _, to := range []time.Time{time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), start.Truncate(24 * time.Hour), start.Truncate(time.Hour), start.Truncate(time.Minute)} {
		by := to.Sub(start)
		if s.edit(func(f *scenario.File) {
			whole(f, func(t time.Time) time.Time { return t.Add(by) })
			f.Start = to
		}) {
			return
		}
	}
}

// moments are the instants of the smallest story so far, counted from its start, which is one of them; each once.
func (s *shrinker) moments() []time.Duration {
	all := []time.Duration{0, s.best.Run}
	whole(clone(s.best), func(t time.Time) time.Time {
		all = append(all, t.Sub(s.best.Start))
		return t
	})
	slices.Sort(all)
	return slices.Compact(all)
}

// move tries the story with every instant, and the length of the run, at another time after the start.
func (s *shrinker) move(to func(time.Duration) time.Duration) bool {
	return s.edit(func(f *scenario.File) {
		whole(f, func(t time.Time) time.Time { return f.Start.Add(to(t.Sub(f.Start))) })
		f.Run = max(time.Second, to(f.Run))
		slices.SortStableFunc(f.Steps, func(a, b scenario.Step) int { return a.At.Compare(b.At) })
		slices.SortStableFunc(f.Expects, func(a, b scenario.Expect) int { return a.At.Compare(b.At) })
	})
}

// whole puts other instants in the place of all those of a file. The zero time stays.
func whole(f *scenario.File, to func(time.Time) time.Time) {
	for i := range f.Steps {
		f.Steps[i].At, f.Steps[i].Do = to(f.Steps[i].At), timed(f.Steps[i].Do, to)
	}
	for i := range f.Expects {
		f.Expects[i] = timed(f.Expects[i], to)
	}
}

// timed is v with other instants. The zero time stays.
func timed[T any](v T, to func(time.Time) time.Time) T {
	return mapped(v, func(x any) any {
		if t, ok := x.(time.Time); ok && !t.IsZero() {
			return to(t)
		}
		return nil
	})
}

// mapped is v with other values for those at which to does not return nil, however deep they are.
func mapped[T any](v T, to func(any) any) T {
	out := reflect.New(reflect.TypeFor[T]()).Elem()
	out.Set(reflect.ValueOf(&v).Elem())
	replace(out, to)
	return out.Interface().(T)
}

func replace(v reflect.Value, to func(any) any) {
	if !v.IsValid() || v.Kind() == reflect.Interface && v.IsNil() {
		return
	}
	if v.Kind() != reflect.Interface {
		if x := to(v.Interface()); x != nil {
			v.Set(reflect.ValueOf(x))
			return
		}
	}
	switch v.Kind() {
	case reflect.Interface:
		w := reflect.New(v.Elem().Type()).Elem()
		w.Set(v.Elem())
		replace(w, to)
		v.Set(w)
	case reflect.Pointer:
		if !v.IsNil() {
			w := reflect.New(v.Type().Elem())
			w.Elem().Set(v.Elem())
			replace(w.Elem(), to)
			v.Set(w)
		}
	case reflect.Slice:
		w := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(w, v)
		for i := range w.Len() {
			replace(w.Index(i), to)
		}
		if !v.IsNil() {
			v.Set(w)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				replace(v.Field(i), to)
			}
		}
	}
}

// renamed gives locks and codes the shortest names: a, b, c for locks, x, y, z for codes.
func (s *shrinker) renamed() {
	locks, codes := map[lock.DeviceID]lock.DeviceID{}, map[lock.CodeID]lock.CodeID{}
	meet := func(x any) any {
		switch id := x.(type) {
		case lock.DeviceID:
			if _, ok := locks[id]; !ok && id != "" {
				locks[id] = lock.DeviceID(letter("abcdefghijklmnopqrstuvw", len(locks)))
			}
		case lock.CodeID:
			if _, ok := codes[id]; !ok && id != "" {
				codes[id] = lock.CodeID(letter("xyz", len(codes)))
			}
		case engine.CreateMany: // its codes are called after its locks
			name := letter("xyz", len(codes))
			for i, code := range id.IDs {
				if _, ok := locks[id.Devices[i]]; !ok {
					locks[id.Devices[i]] = lock.DeviceID(letter("abcdefghijklmnopqrstuvw", len(locks)))
				}
				codes[code] = lock.CodeID(name + "-" + string(locks[id.Devices[i]]))
			}
		}
		return nil
	}
	for _, l := range s.best.Spec.Locks {
		mapped(l, meet)
	}
	for _, x := range s.best.Steps {
		mapped(x, meet)
	}
	rename := func(x any) any {
		switch id := x.(type) {
		case lock.DeviceID:
			return cmp.Or(locks[id], id)
		case lock.CodeID:
			return cmp.Or(codes[id], id)
		}
		return nil
	}
	place := func(id string) string { return string(cmp.Or(locks[lock.DeviceID(id)], lock.DeviceID(id))) }
	s.edit(func(f *scenario.File) {
		f.Spec.Locks, f.Policies, f.Steps, f.Expects = mapped(f.Spec.Locks, rename), mapped(f.Policies, rename), mapped(f.Steps, rename), mapped(f.Expects, rename)
		for i, x := range f.Steps {
			switch do := x.Do.(type) {
			case scenario.Fault:
				do.Fault.On = place(do.Fault.On)
				f.Steps[i].Do = do
			case scenario.Heal:
				do.Target = place(do.Target)
				f.Steps[i].Do = do
			}
		}
		limits := map[lock.DeviceID]scenario.Limits{}
		for id, l := range f.Check.PerLock {
			limits[cmp.Or(locks[id], id)] = l
		}
		f.Check.PerLock = limits
	})
}

// letter is the nth name: one of the letters, with a number once they are used up.
func letter(letters string, n int) string {
	name := letters[n%len(letters) : n%len(letters)+1]
	if round := n / len(letters); round > 0 {
		name += strconv.Itoa(round + 1)
	}
	return name
}
