package facade

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// Control is an HTTP API for the far side of the locks, for tests in any language:
//
//	GET    /locks              every lock: what its vendor calls it, its reach, battery and what it really holds (no digits)
//	POST   /type               {"lock", "pin"}: types at a keypad, and answers {"opens", "reason"}
//	POST   /faults             {"on", "kind", "for", "op", "after", "p", "args", "text"}: places a fault; "for" in seconds
//	GET    /faults             those that are at work
//	DELETE /faults/{id}        ends one, or all of a lock, hub or account
//	GET    /clock              where the locks' time stands and how it goes: {"now", "paused", "pace"}
//	POST   /clock              {"paused", "pace", "advance"}: holds it or lets it go on, sets its seconds per second, leaps so many seconds ahead
//	POST   /edit               {"lock", "kind", "ref", "slot", "pin", "name"}: changes something by hand; kind is add, remove, pin, name, …
//	GET    /habits             how each vendor's account behaves beyond what all agree on, by account
//	POST   /habits             {"account", "habits": {…}}: changes some of them, and answers all of that account
//	GET    /sent               what vendors have sent to the owners of accounts who are signing in: {"account", "code"}
//
// Mistakes are answered with 400 and a sentence.
func Control(l Loop, t Clock, clouds map[lock.AccountID]Served) http.Handler {
	mux := http.NewServeMux()
	c := control{l, t, clouds}
	mux.HandleFunc("GET /locks", c.does(c.locks))
	mux.HandleFunc("POST /type", c.does(c.typed))
	mux.HandleFunc("POST /faults", c.does(c.inject))
	mux.HandleFunc("GET /faults", c.does(func(_ ask, f *sim.Fleet) (any, error) { return append([]sim.Fault{}, f.Faults()...), nil }))
	mux.HandleFunc("DELETE /faults/{id}", c.does(func(a ask, f *sim.Fleet) (any, error) { return struct{}{}, f.Heal(a.id) }))
	mux.HandleFunc("POST /edit", c.does(c.edit))
	mux.HandleFunc("GET /sent", c.does(c.sent))
	mux.HandleFunc("GET /habits", c.does(c.habits))
	mux.HandleFunc("POST /habits", c.does(c.accustom))
	mux.HandleFunc("GET /clock", c.clocked)
	mux.HandleFunc("POST /clock", c.clocked)
	return mux
}

// Clock steers the time of a fleet. What it returns is told as JSON.
type Clock interface {
	Steer(ctx context.Context, paused *bool, pace *float64, advance time.Duration) (any, error)
}

// Served is the cloud of an account, and whose it is.
type Served struct {
	Vendor string
	Cloud  Cloud
}

type control struct {
	loop   Loop
	clock  Clock
	clouds map[lock.AccountID]Served
}

// sent lists the codes that the owners of accounts have got by mail or phone, by account.
func (c control) sent(_ ask, _ *sim.Fleet) (any, error) {
	type message struct {
		Account lock.AccountID `json:"account"`
		Code    string         `json:"code"`
	}
	all := []message{}
	for _, id := range slices.Sorted(maps.Keys(c.clouds)) {
		if x, ok := c.clouds[id].Cloud.(interface{ Sent() string }); ok && x.Sent() != "" {
			all = append(all, message{id, x.Sent()})
		}
	}
	return all, nil
}

// habits are those of every cloud that has any, by account.
func (c control) habits(ask, *sim.Fleet) (any, error) {
	all := map[lock.AccountID]any{}
	for id, x := range c.clouds {
		if h, ok := x.Cloud.(Habitual); ok {
			now, err := h.Accustom(func(any) error { return nil })
			if err != nil {
				return nil, err
			}
			all[id] = now
		}
	}
	return all, nil
}

// accustom changes habits of one cloud.
func (c control) accustom(a ask, _ *sim.Fleet) (any, error) {
	var in struct {
		Account lock.AccountID
		Habits  json.RawMessage
	}
	if err := a.parse(&in); err != nil {
		return nil, err
	}
	x, ok := c.clouds[in.Account]
	if !ok {
		return nil, fmt.Errorf("account: there is none with the id %q", in.Account)
	}
	h, ok := x.Cloud.(Habitual)
	if !ok {
		return nil, fmt.Errorf("account: %s has no habits to change", x.Vendor)
	}
	return h.Accustom(func(habits any) error {
		if len(in.Habits) == 0 {
			return errors.New("habits: must be an object")
		}
		return parse(in.Habits, habits)
	})
}

// clocked tells of the locks' time, after it was steered.
func (c control) clocked(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Paused  *bool
		Pace    *float64
		Advance float64
	}
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err == nil {
			err = parse(body, &in)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	out, err := c.clock.Steer(r.Context(), in.Paused, in.Pace, time.Duration(in.Advance*float64(time.Second)))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	write(w, out)
}

// write answers with JSON.
func write(w http.ResponseWriter, v any) {
	x := JSON(http.StatusOK, v)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(x.Status)
	_, _ = w.Write(x.Body) // whoever has left does not read it
}

// does answers with what fn returns, having run it on the fleet's thread.
func (c control) does(fn func(ask, *sim.Fleet) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			http.Error(w, "the body is too large or broke off", http.StatusBadRequest)
			return
		}
		a := ask{r.PathValue("id"), body}
		var out any
		var bad error
		if err := c.loop.Run(r.Context(), func(f *sim.Fleet, done func()) { out, bad = fn(a, f); done() }); err != nil {
			http.Error(w, "the locks were put away", http.StatusServiceUnavailable)
			return
		}
		if bad != nil {
			http.Error(w, bad.Error(), http.StatusBadRequest)
			return
		}
		write(w, out)
	}
}

// ask is a request as the fleet's thread gets it, which must not wait for the network.
type ask struct {
	id   string // of its path
	body []byte
}

// parse reads the body into v.
func (a ask) parse(v any) error { return parse(a.body, v) }

// parse reads JSON into v. The error names the field and what it must be, and never what stands there: it may be digits.
func parse(body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	var other *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &other) && other.Field != "":
		kind := "text"
		switch other.Type.Kind() {
		case reflect.Bool:
			kind = "true or false"
		case reflect.Int, reflect.Float64:
			kind = "a number"
		case reflect.Slice:
			kind = "a list"
		case reflect.Map, reflect.Struct:
			kind = "an object"
		}
		return fmt.Errorf("%s: must be %s", strings.ToLower(other.Field), kind)
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		return errors.New("body: has no place for " + strings.TrimPrefix(err.Error(), "json: unknown field "))
	}
	return errors.New("body: must be a JSON object")
}

// lockState is a lock as GET /locks tells of it.
type lockState struct {
	ID       lock.DeviceID  `json:"id"`
	Name     string         `json:"name"`
	Vendor   string         `json:"vendor"`
	VendorID string         `json:"vendor_id"` // with which the id ends that a driver gives the lock
	Model    string         `json:"model"`
	Account  lock.AccountID `json:"account"`
	Hub      lock.HubID     `json:"hub,omitempty"`
	Reached  bool           `json:"reached"`
	Battery  float64        `json:"battery"`
	Held     []heldState    `json:"held"`
}

type heldState struct {
	Ref     lock.Ref  `json:"ref"`
	Slot    int       `json:"slot"`
	Name    string    `json:"name"`
	Enabled bool      `json:"enabled"`
	From    time.Time `json:"from,omitzero"`
	To      time.Time `json:"to,omitzero"`
}

func (c control) locks(_ ask, f *sim.Fleet) (any, error) {
	all := []lockState{}
	for _, d := range f.Devices() {
		s := lockState{
			ID: d.ID, Name: d.Name, Model: d.Model, Account: d.Account, Hub: d.Hub, Reached: f.Reach(d.ID) == lock.Reached, Battery: f.Charge(d.ID), Held: []heldState{},
		}
		if x, ok := c.clouds[d.Account]; ok {
			s.Vendor, s.VendorID = x.Vendor, x.Cloud.Called(d.ID)
		}
		for _, m := range f.Memory(d.ID) {
			s.Held = append(s.Held, heldState{m.Ref, m.Slot, m.Name, m.Enabled, m.Window.From, m.Window.To})
		}
		all = append(all, s)
	}
	return all, nil
}

func (c control) typed(a ask, f *sim.Fleet) (any, error) {
	var in struct {
		Lock lock.DeviceID
		PIN  string
	}
	if err := a.parse(&in); err != nil {
		return nil, err
	}
	pin, err := lock.ParsePIN(in.PIN)
	if err != nil {
		return nil, fmt.Errorf("pin: %w", err)
	}
	for _, x := range c.clouds {
		if t, ok := x.Cloud.(Typist); ok {
			pin = t.Typed(in.Lock, pin)
		}
	}
	try, err := f.TryPIN(in.Lock, pin)
	return map[string]any{"opens": try.Opens, "reason": try.Reason}, err
}

func (control) inject(a ask, f *sim.Fleet) (any, error) {
	var in struct {
		On, Kind, Op, Text string
		For                float64
		After              int
		P                  float64
		Args               map[string]float64
	}
	if err := a.parse(&in); err != nil {
		return nil, err
	}
	id, err := f.Inject(sim.Fault{
		On: in.On, Kind: in.Kind, Op: in.Op, Text: in.Text, For: time.Duration(in.For * float64(time.Second)), After: in.After, P: in.P, Args: in.Args,
	})
	return map[string]string{"id": id}, err
}

func (control) edit(a ask, f *sim.Fleet) (any, error) {
	var in struct {
		Lock lock.DeviceID
		Kind sim.EditKind
		Ref  lock.Ref
		Slot int
		PIN  string
		Name string
	}
	if err := a.parse(&in); err != nil {
		return nil, err
	}
	e := sim.Edit{Lock: in.Lock, Kind: in.Kind, Ref: in.Ref, Slot: in.Slot, Name: in.Name}
	if in.PIN != "" {
		pin, err := lock.ParsePIN(in.PIN)
		if err != nil {
			return nil, fmt.Errorf("pin: %w", err)
		}
		e.PIN = pin
	}
	return struct{}{}, f.Edit(e)
}
