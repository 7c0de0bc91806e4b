package shrink

import (
	"cmp"
	"reflect"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/scenario"
)

// plainer makes what the parts of the file say simpler, value by value: nothing where nothing will do, and less elsewhere.
// Instants that are left are for rounder.
func (s *shrinker) plainer() {
	for i := range s.best.Spec.Locks {
		s.edit(func(f *scenario.File) { f.Spec.Locks[i].Model = "jit.keypad" })
		s.edit(func(f *scenario.File) { f.Spec.Locks[i].Model = "native.keypad" })
		s.cut(func(f *scenario.File) { f.Spec.Locks[i].Hub, f.Spec.Locks[i].Account = "", "" })
	}
	plain(s, func(f *scenario.File) []sim.LockSpec { return f.Spec.Locks })
	plain(s, func(f *scenario.File) []sim.HubSpec { return f.Spec.Hubs })
	plain(s, func(f *scenario.File) []sim.AccountSpec { return f.Spec.Accounts })
	plain(s, func(f *scenario.File) []scenario.Policy { return f.Policies })
	for i := range s.best.Steps { // a window without edges
		if s.dated() {
			break
		}
		s.edit(func(f *scenario.File) {
			f.Steps[i].Do = timed(f.Steps[i].Do, func(time.Time) time.Time { return time.Time{} })
		})
	}
	plain(s, func(f *scenario.File) []scenario.Step { return f.Steps })
	plain(s, func(f *scenario.File) []scenario.Expect { return f.Expects })
	s.vary(reflect.ValueOf(s.best.Check), func(v reflect.Value) bool {
		return s.edit(func(f *scenario.File) { f.Check = v.Interface().(scenario.Check) })
	})
	s.edit(func(f *scenario.File) { f.Seed = 1 })
}

// plain makes every element of a list of the file simpler.
func plain[T any](s *shrinker, list func(*scenario.File) []T) {
	for i := 0; i < len(list(s.best)); i++ {
		s.vary(reflect.ValueOf(list(s.best)[i]), func(v reflect.Value) bool {
			return s.edit(func(f *scenario.File) {
				if i < len(list(f)) {
					list(f)[i] = v.Interface().(T)
				}
			})
		})
	}
}

// vary tries simpler values in the place of v, and returns the last that was kept, or v.
func (s *shrinker) vary(v reflect.Value, try func(reflect.Value) bool) reflect.Value {
	if s.over() || v.IsZero() {
		return v
	}
	_, instant := v.Interface().(time.Time)
	if v.Kind() != reflect.Interface && !(instant && s.dated()) {
		if zero := reflect.Zero(v.Type()); try(zero) {
			return zero
		}
	}
	switch x := v.Interface().(type) {
	case time.Time, lock.PIN, lock.DeviceID, lock.CodeID, scenario.Pos:
		return v
	case time.Duration:
		for _, d := range shorterThan(x) {
			if w := reflect.ValueOf(d); try(w) {
				return w
			}
		}
		return v
	}
	switch v.Kind() {
	case reflect.Interface:
		s.vary(v.Elem(), try)
	case reflect.Pointer:
		s.vary(v.Elem(), func(x reflect.Value) bool {
			p := reflect.New(v.Type().Elem())
			p.Elem().Set(x)
			return try(p)
		})
	case reflect.Int, reflect.Float64:
		if one := reflect.ValueOf(1).Convert(v.Type()); !one.Equal(v) && try(one) {
			return one
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
		for _, k := range keys {
			w := reflect.MakeMap(v.Type())
			for _, o := range keys {
				if o.Interface() != k.Interface() && v.MapIndex(o).IsValid() {
					w.SetMapIndex(o, v.MapIndex(o))
				}
			}
			if try(w) {
				v = w
			}
		}
	case reflect.Slice:
		for i := v.Len() - 1; i >= 0; i-- {
			w := reflect.AppendSlice(reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()), v.Slice(0, i)), v.Slice(i+1, v.Len()))
			if w.Len() > 0 && try(w) {
				v = w
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				continue
			}
			s.vary(v.Field(i), func(x reflect.Value) bool {
				w := reflect.New(v.Type()).Elem()
				w.Set(v)
				w.Field(i).Set(x)
				if !try(w) {
					return false
				}
				v = w
				return true
			})
		}
	}
	return v
}

// shorterThan lists round durations below d, shortest first.
func shorterThan(d time.Duration) []time.Duration {
	var out []time.Duration
	for _, x := range []time.Duration{time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour} {
		if x < d {
			out = append(out, x)
		}
	}
	for _, unit := range units {
		if x := d.Truncate(unit); x > 0 && x < d {
			out = append(out, x)
		}
	}
	return out
}
