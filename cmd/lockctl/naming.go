package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

const (
	suffixLeast = 4  // letters from the end of an id that name it
	suggested   = 10 // candidates that an error lists
)

// device finds a lock by its id or its name.
func (s *talk) device(name string) (engine.DeviceView, error) {
	got, err := s.Snapshot(s.ctx, engine.Query{View: engine.ViewDevice, Device: lock.DeviceID(name)})
	if err == nil && !got.Device.Removed {
		return *got.Device, nil
	}
	if err != nil && !refusedAs(err, "device_not_found") {
		return engine.DeviceView{}, err
	}
	var called, near []engine.DeviceRow
	err = s.pages(engine.Query{View: engine.ViewFleet, Filter: sought(name)}, func(page engine.Snapshot) error {
		for _, r := range page.Devices {
			if strings.EqualFold(r.Name, name) {
				called = append(called, r)
			}
			near = append(near, r)
		}
		return nil
	})
	if err != nil {
		return engine.DeviceView{}, err
	}
	about := func(r engine.DeviceRow) string { return fmt.Sprintf("%s (%s)", r.ID, r.Name) }
	if len(called) != 1 {
		return engine.DeviceView{}, misnamed("device", name, called, near, about)
	}
	got, err = s.Snapshot(s.ctx, engine.Query{View: engine.ViewDevice, Device: called[0].ID})
	if err != nil {
		return engine.DeviceView{}, err
	}
	return *got.Device, nil
}

// code finds a code by its id, live or gone; or a live one by its name or the end of its id.
func (s *talk) code(name string) (engine.CodeView, error) {
	got, err := s.Snapshot(s.ctx, engine.Query{View: engine.ViewCode, Code: lock.CodeID(name)})
	if err == nil {
		return got.Codes[0], nil
	}
	if !refusedAs(err, "access_code_not_found") {
		return engine.CodeView{}, err
	}
	var called, ending, near []engine.CodeView
	err = s.pages(engine.Query{View: engine.ViewCodes, Filter: sought(name)}, func(page engine.Snapshot) error {
		for _, c := range page.Codes {
			if strings.EqualFold(c.Name, name) {
				called = append(called, c)
			}
			if len(name) >= suffixLeast && strings.HasSuffix(strings.ToLower(string(c.ID)), strings.ToLower(name)) {
				ending = append(ending, c)
			}
			if len(near) <= suggested {
				near = append(near, c)
			}
		}
		return nil
	})
	if err != nil {
		return engine.CodeView{}, err
	}
	if len(called) == 0 {
		called = ending
	}
	if len(called) == 1 {
		return called[0], nil
	}
	return engine.CodeView{}, misnamed("code", name, called, near, func(c engine.CodeView) string {
		return fmt.Sprintf("%s (%s at %s)", c.ID, cmp.Or(c.Name, "no name"), cmp.Or(c.DeviceName, string(c.Device)))
	})
}

// liveCode finds a code that can still be changed.
func (s *talk) liveCode(name string) (engine.CodeView, error) {
	c, err := s.code(name)
	if err == nil && c.Status == engine.StatusGone {
		return c, refused("code: %s is gone", c.ID)
	}
	return c, err
}

// sought is a filter that lets through what may be called so: the words that have no meaning to a filter.
func sought(name string) string {
	var kept []string
	for _, w := range strings.Fields(name) {
		if !strings.ContainsAny(w, `!:<>`) && len(strings.Join(kept, " "))+len(w) < 150 {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, " ")
}

// misnamed says that a name means nothing, or more than one thing, and what may have been meant.
func misnamed[T any](kind, name string, called, near []T, about func(T) string) error {
	list := called
	text := fmt.Sprintf("%s: %q means several; name one by its id", kind, clipped(name))
	if len(called) == 0 {
		list = near
		text = fmt.Sprintf("%s: there is none called %q", kind, clipped(name))
		if len(near) == 0 || sought(name) == "" {
			return badInput("%s; lockctl %ss list shows them", text, kind)
		}
		text += "; these are near"
	}
	var lines []string
	for _, x := range list[:min(len(list), suggested)] {
		lines = append(lines, "  "+clean(about(x)))
	}
	slices.Sort(lines)
	if more := len(list) - suggested; more > 0 {
		lines = append(lines, "  and more")
	}
	return badInput("%s:\n%s", text, strings.Join(lines, "\n"))
}

func refusedAs(err error, code string) bool {
	var no *engine.Refusal
	return errors.As(err, &no) && no.Code == code
}

// drawn is what the id of a code begins with that nobody chose.
const drawn = "code_"

// endings are what tables show of ids: of those that were drawn the shortest end that tells each from all others, which
// commands take too; one that somebody chose is shown whole.
func endings(ids []lock.CodeID) map[lock.CodeID]string {
	const least = 6
	backward := func(id lock.CodeID) string {
		b := []byte(id)
		slices.Reverse(b)
		return string(b)
	}
	order := slices.Clone(ids)
	slices.SortFunc(order, func(x, y lock.CodeID) int { return cmp.Compare(backward(x), backward(y)) })
	out := map[lock.CodeID]string{}
	for i, id := range order {
		if !strings.HasPrefix(string(id), drawn) {
			out[id] = string(id)
			continue
		}
		n := least
		for _, j := range [...]int{i - 1, i + 1} {
			if j >= 0 && j < len(order) {
				n = max(n, sameEnd(string(id), string(order[j]))+1)
			}
		}
		out[id] = string(id[max(0, len(id)-n):])
	}
	return out
}

func sameEnd(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}
