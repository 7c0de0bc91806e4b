package smartthings

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/rest"
	"github.com/accesscodes/lockctl/lock"
)

// order sends one command. That it is accepted says that the hub will be told.
func (a *account) order(ctx context.Context, c rest.Call, capability, name string, args ...any) error {
	id, _ := vendorID(c.Device)
	if args == nil {
		args = []any{}
	}
	answer, err := a.do(ctx, c, http.MethodPost, "/devices/"+id+"/commands", map[string]any{
		"commands": []command{{"main", capability, name, args}},
	}, true)
	if err != nil {
		return err
	}
	var told struct {
		Results []struct {
			Status string `json:"status"`
		} `json:"results"`
	}
	if answer.JSON(&told) != nil || len(told.Results) != 1 || told.Results[0].Status != "ACCEPTED" && told.Results[0].Status != "COMPLETED" {
		return c.Fail(driver.Ambiguous, driver.BlameCloud, "not accepted")
	}
	return nil
}

// ready reads the lock of a write, which must be in reach.
func (a *account) ready(ctx context.Context, c rest.Call) (state, error) {
	s, err := a.find(ctx, c)
	if err != nil {
		return s, err
	}
	reach, err := a.reach(ctx, c, &s)
	switch {
	case err != nil:
		return s, err
	case reach == lock.HubDown:
		return s, c.Fail(driver.Offline, driver.BlameHub, "OFFLINE")
	case reach == lock.LockDown:
		return s, c.Fail(driver.Offline, driver.BlameLock, "OFFLINE")
	}
	return s, nil
}

// Set implements driver.Driver.
func (a *account) Set(ctx context.Context, id lock.DeviceID, want lock.Credential, at lock.Ref) (lock.Held, error) {
	c := rest.Call{Op: "set", Device: id}
	switch {
	case !want.Window.IsZero():
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "schedules are kept by the engine")
	case !want.Enabled:
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "there are no disabled codes")
	case want.Offline != lock.OfflineNone || want.OneTime:
		return lock.Held{}, c.Fail(driver.Unsupported, driver.BlameRequest, "there are no algorithmic or one-time codes")
	}
	s, err := a.ready(ctx, c)
	if err != nil {
		return lock.Held{}, err
	}
	t := a.traits(&s)
	if !slices.Contains(t.PINLengths, len(want.PIN.Reveal())) {
		return lock.Held{}, c.Fail(driver.Rejected, driver.BlameRequest, "length")
	}
	held, _ := s.codes()
	if s.modern() {
		return a.setCredential(ctx, c, &s, want, at, held)
	}
	slot, e := place(want, at, held, t.Slots)
	if e != nil {
		e.Op, e.Device = c.Op, c.Device
		return lock.Held{}, e
	}
	if err := a.order(ctx, c, capCodes, "setCode", slot, want.PIN.Reveal(), driver.Label(want.Tag, want.Name, nameMax)); err != nil {
		return lock.Held{}, err
	}
	ref := lock.Ref(strconv.Itoa(slot))
	if slices.ContainsFunc(held, func(h lock.Held) bool { return h.Slot == slot }) {
		ref = a.job(ref, s.of[capCodes]["codeChanged"].At) // the list will look as it does now
	}
	return lock.Held{Ref: ref, Tag: want.Tag, Name: want.Name, Enabled: true, Pending: true, Slot: slot}, nil
}

// slotsUnknown is how many slots a lock that does not tell is taken to have.
const slotsUnknown = 30

// place chooses the slot of a code: the one it is known to have, the one that has its tag, the one that the engine asks for, or the lowest
// that is free.
func place(want lock.Credential, at lock.Ref, held []lock.Held, slots int) (int, *driver.Error) {
	if slots == 0 {
		slots = slotsUnknown
	}
	in := func(slot int) *lock.Held {
		i := slices.IndexFunc(held, func(h lock.Held) bool { return h.Slot == slot })
		if i < 0 {
			return nil
		}
		return &held[i]
	}
	if j, ok := jobOf(at); ok {
		return j.number, nil
	}
	for _, h := range held {
		if want.Tag != "" && h.Tag == want.Tag {
			return h.Slot, nil
		}
	}
	switch {
	case want.Slot < 0 || want.Slot > slots:
		return 0, &driver.Error{Kind: driver.Rejected, Blame: driver.BlameRequest, Vendor: "no such slot"}
	case want.Slot > 0 && in(want.Slot) == nil:
		return want.Slot, nil
	case want.Slot > 0:
		return 0, &driver.Error{Kind: driver.Taken, Blame: driver.BlameRequest, Vendor: "the slot is taken"}
	}
	for slot := 1; slot <= slots; slot++ {
		if in(slot) == nil {
			return slot, nil
		}
	}
	return 0, &driver.Error{Kind: driver.Full, Blame: driver.BlameLock, Vendor: "no free slot"}
}

// Clear implements driver.Driver.
func (a *account) Clear(ctx context.Context, id lock.DeviceID, ref lock.Ref) error {
	c := rest.Call{Op: "clear", Device: id}
	s, err := a.ready(ctx, c)
	if err != nil {
		return err
	}
	if s.modern() {
		return a.clearCredential(ctx, c, &s, ref)
	}
	j, ok := jobOf(ref)
	if !ok {
		return nil // no slot is called that
	}
	return a.order(ctx, c, capCodes, "deleteCode", j.number)
}

// busyFor is how long one command keeps others out of a lock of the new generation.
const busyFor = 10 * time.Second

// pause refuses a command that the lock would not take yet; else it is noted as under way.
func (a *account) pause(c rest.Call, s *state) error {
	last := s.lastResult()
	now := a.now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if x, ok := a.sent[c.Device]; ok && !last.After(x.before.Time) {
		if left := busyFor - now.Sub(x.at); left > 0 {
			e := c.Fail(driver.Throttled, driver.BlameLock, "busy")
			e.RetryAfter = left
			return e
		}
	}
	a.sent[c.Device] = sending{now, last}
	return nil
}

// lastResult is when a command of the new generation last had one.
func (s *state) lastResult() instant {
	at := s.of[capCredentials]["commandResult"].At
	if other := s.of[capUsers]["commandResult"].At; other.After(at.Time) {
		at = other
	}
	return at
}

// A Ref of the new generation, before its index is known, is the label behind a prefix that no index has.
const byName = "name:"

// credential finds the one that a Ref stands for, or that has the tag.
func (s *state) credential(ref lock.Ref, tag string) (credentialEntry, bool) {
	var all []credentialEntry
	s.read(capCredentials, "credentials", &all)
	if label, ok := cutName(ref); ok {
		tag, _ = driver.Unlabel(label)
		if tag == "" {
			i := slices.IndexFunc(all, func(x credentialEntry) bool { return s.nameOf(x) == label && x.Type == "pin" })
			if i < 0 {
				return credentialEntry{}, false
			}
			return all[i], true
		}
	} else if j, ok := jobOf(ref); ok {
		i := slices.IndexFunc(all, func(x credentialEntry) bool { return x.Index == j.number && x.Type == "pin" })
		if i >= 0 {
			return all[i], true
		}
	}
	i := slices.IndexFunc(all, func(x credentialEntry) bool {
		of, _ := driver.Unlabel(s.nameOf(x))
		return x.Type == "pin" && tag != "" && of == tag
	})
	if i < 0 {
		return credentialEntry{}, false
	}
	return all[i], true
}

func cutName(ref lock.Ref) (string, bool) {
	if len(ref) > len(byName) && ref[:len(byName)] == byName {
		return string(ref[len(byName):]), true
	}
	return "", false
}

// setCredential is Set for a lock of the new generation, which chooses the place of a code itself.
func (a *account) setCredential(ctx context.Context, c rest.Call, s *state, want lock.Credential, at lock.Ref, held []lock.Held) (lock.Held, error) {
	label := driver.Label(want.Tag, want.Name, nameMax)
	h := lock.Held{Ref: lock.Ref(byName + label), Tag: want.Tag, Name: want.Name, Enabled: true, Pending: true}
	have, ok := s.credential(at, want.Tag)
	if n := s.number(capCredentials, "pinUsersSupported"); !ok && n > 0 && len(held) >= n {
		return lock.Held{}, c.Fail(driver.Full, driver.BlameLock, "pinUsersSupported")
	}
	args, err := a.arguments(ctx, c)
	if err != nil {
		return lock.Held{}, err
	}
	values := map[string]any{
		"userIndex": have.User, "credentialIndex": have.Index, "userType": "guest", "credentialType": "pin", "credentialData": want.PIN.Reveal(), "credentialName": label,
	}
	if ok {
		if err := a.pause(c, s); err != nil {
			return lock.Held{}, err
		}
		h.Ref = a.job(lock.Ref(strconv.Itoa(have.Index)), s.lastResult())
		return h, a.order(ctx, c, capCredentials, "updateCredential", inOrder(args["updateCredential"], values)...)
	}
	if !slices.Contains(args["addCredential"], "credentialName") {
		// A credential without a name could not be found again. Its user gets the name, one command before: that opens nothing.
		user, there := s.user(label)
		if !there {
			if err := a.pause(c, s); err != nil {
				return lock.Held{}, err
			}
			if err := a.order(ctx, c, capUsers, "addUser", label, "guest"); err != nil {
				return lock.Held{}, err
			}
			e := c.Fail(driver.Throttled, driver.BlameLock, "its user is made first")
			e.RetryAfter = busyFor
			return lock.Held{}, e
		}
		values["userIndex"] = user
	}
	if err := a.pause(c, s); err != nil {
		return lock.Held{}, err
	}
	return h, a.order(ctx, c, capCredentials, "addCredential", inOrder(args["addCredential"], values)...)
}

// user finds the user of that name.
func (s *state) user(label string) (int, bool) {
	var users []userEntry
	s.read(capUsers, "users", &users)
	for _, u := range users {
		if u.Name == label && u.Index > 0 {
			return u.Index, true
		}
	}
	return 0, false
}

// clearCredential takes a code away, with its user if they have no other.
func (a *account) clearCredential(ctx context.Context, c rest.Call, s *state, ref lock.Ref) error {
	have, ok := s.credential(ref, "")
	if !ok {
		return nil
	}
	args, err := a.arguments(ctx, c)
	if err != nil {
		return err
	}
	if err := a.pause(c, s); err != nil {
		return err
	}
	var all []credentialEntry
	s.read(capCredentials, "credentials", &all)
	others := slices.ContainsFunc(all, func(x credentialEntry) bool {
		return x.User == have.User && (x.Index != have.Index || x.Type != have.Type)
	})
	if have.User > 0 && !others {
		return a.order(ctx, c, capUsers, "deleteUser", have.User)
	}
	return a.order(ctx, c, capCredentials, "deleteCredential",
		inOrder(args["deleteCredential"], map[string]any{"credentialIndex": have.Index, "credentialType": "pin"})...)
}

// arguments are those of the commands of lockCredentials, in the order in which the capability has them. Where it does not tell, that of
// its handlers is taken.
func (a *account) arguments(ctx context.Context, c rest.Call) (map[string][]string, error) {
	a.mu.Lock()
	known := a.args
	a.mu.Unlock()
	if known != nil {
		return known, nil
	}
	all := map[string][]string{
		"addCredential":    {"userIndex", "userType", "credentialType", "credentialData", "credentialName"},
		"updateCredential": {"userIndex", "credentialIndex", "credentialType", "credentialData"},
		"deleteCredential": {"credentialIndex", "credentialType"},
	}
	answer, err := a.do(ctx, c, http.MethodGet, "/capabilities/"+capCredentials+"/1", nil, false)
	if err != nil && answer.Status != http.StatusNotFound && answer.Status != http.StatusForbidden {
		return nil, err
	}
	var d definition
	if err == nil && answer.JSON(&d) == nil {
		for name := range all {
			var args []string
			for _, x := range d.Commands[name].Arguments {
				args = append(args, x.Name)
			}
			if slices.Contains(args, "credentialType") {
				all[name] = args
			}
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.args = all
	return all, nil
}

// inOrder lists values by their names, and ends where one is missing.
func inOrder(names []string, values map[string]any) []any {
	var args []any
	for _, name := range names {
		v, ok := values[name]
		if !ok {
			break
		}
		args = append(args, v)
	}
	return args
}
