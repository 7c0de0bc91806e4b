package api

import (
	"net/http"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// wishes are what creations of one code and of several have in common.
type wishes struct {
	Name        *string    `json:"name" doc:"what people call it"`
	Code        *string    `json:"code" doc:"the digits, 4 to 12; left out: drawn within the lock's rules"`
	Length      *int       `json:"preferred_code_length" doc:"number of digits of a drawn code"`
	Starts      *time.Time `json:"starts_at" doc:"when it begins to open"`
	Ends        *time.Time `json:"ends_at" doc:"from when on it opens no more"`
	Native      *bool      `json:"prefer_native_scheduling" doc:"false: written just in time, even where the lock keeps schedules"`
	External    *bool      `json:"is_external_modification_allowed" also:"allow_external_modification" doc:"changes made at the lock are honoured"`
	Pool        *bool      `json:"use_backup_access_code_pool" doc:"switches the backup pool of the device on"`
	EvenOffline *bool      `json:"attempt_for_offline_device" doc:"false: refused while the device is out of reach"`
	Sync        *bool      `json:"sync" doc:"without effect: the answer never waits for the lock"`
	Holder      *string    `json:"holder" doc:"who will use it: adjacent stays of one holder may share their digits"`
}

type createCode struct {
	Device lock.DeviceID `json:"device_id" need:"true" doc:"the lock"`
	wishes
	CommonKey *string `json:"common_code_key" doc:"codes with the same key have the same digits"`
	Offline   *bool   `json:"is_offline_access_code" also:"use_offline_access_code" doc:"an algorithmic code, which the lock need not be told"`
	OneTime   *bool   `json:"is_one_time_use" doc:"an algorithmic code that dies with its first use"`
	Rounding  *string `json:"max_time_rounding" doc:"how far the lock may move the window: 1hour or 1day"`
}

// create is the engine's command for wishes.
func (c *call) create(w wishes) (engine.Create, error) {
	do := engine.Create{JIT: w.Native != nil && !*w.Native, AllowExternal: yes(w.External), UsePool: yes(w.Pool), Tell: c.who.May(ScopePINs)}
	set(&do.Name, w.Name)
	set(&do.PINLength, w.Length)
	set(&do.Starts, w.Starts)
	set(&do.Ends, w.Ends)
	set(&do.Holder, w.Holder)
	if w.Code != nil {
		pin, err := digits(*w.Code)
		if err != nil {
			return do, err
		}
		do.PIN = pin
	}
	if do.UsePool && do.Ends.IsZero() {
		return do, invalid(mistake{"use_backup_access_code_pool", "needs a code with starts_at and ends_at"})
	}
	return do, nil
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// digits reads a code as people write it into requests.
func digits(text string) (lock.PIN, error) {
	pin, err := lock.ParsePIN(text)
	if err != nil || len(text) < 4 {
		return lock.PIN{}, invalid(mistake{"code", "must be 4 to 12 digits"})
	}
	return pin, nil
}

// rounding reads how far a window may be moved.
func rounding(text *string) (time.Duration, error) {
	if text == nil {
		return 0, nil
	}
	switch *text {
	case "1hour", "1h":
		return time.Hour, nil
	case "1day", "1d":
		return 24 * time.Hour, nil
	}
	return 0, invalid(mistake{"max_time_rounding", "must be 1hour or 1day"})
}

// reachable refuses a device that is out of reach, for callers who don't want to wait for it.
func (c *call) reachable(ids []lock.DeviceID, even *bool) error {
	if even == nil || *even {
		return nil
	}
	for _, id := range ids {
		s, err := c.snapshot(engine.Query{View: engine.ViewDevice, Device: id})
		if err != nil {
			return err
		}
		if s.Device.Link > lock.Reached {
			return problem(http.StatusBadRequest, "device_offline", "the device "+clip(string(id))+" is out of reach")
		}
	}
	return nil
}

func codesCreate(c *call, p createCode) (reply, error) {
	do, err := c.create(p.wishes)
	if err != nil {
		return nil, err
	}
	if do.MaxRounding, err = rounding(p.Rounding); err != nil {
		return nil, err
	}
	do.Device, do.Offline, do.OneTime = p.Device, yes(p.Offline), yes(p.OneTime)
	set(&do.CommonKey, p.CommonKey)
	if err := c.slow(p.Device); err != nil {
		return nil, err
	}
	if err := c.reachable([]lock.DeviceID{p.Device}, p.EvenOffline); err != nil {
		return nil, err
	}
	r, err := c.submit(do)
	if err != nil {
		return nil, err
	}
	codes, err := c.made(r)
	if err != nil {
		return nil, err
	}
	return reply{"access_code": codes[0], "action_attempt": c.attempt(attemptCreate, r.Codes[0])}, nil
}

type createCodes struct {
	Devices  []lock.DeviceID `json:"device_ids" need:"true" doc:"the locks"`
	Behavior *string         `json:"behavior_when_code_cannot_be_shared" doc:"throw: nothing is created; create_random_code: locks that can't share draw their own"`
	wishes
}

func codesCreateMultiple(c *call, p createCodes) (reply, error) {
	do := engine.CreateMany{Devices: p.Devices}
	if p.Behavior != nil {
		if *p.Behavior != "throw" && *p.Behavior != "create_random_code" {
			return nil, invalid(mistake{"behavior_when_code_cannot_be_shared", "must be throw or create_random_code"})
		}
		do.OwnPINs = *p.Behavior == "create_random_code"
	}
	var err error
	if do.Like, err = c.create(p.wishes); err != nil {
		return nil, err
	}
	for _, id := range p.Devices {
		if err := c.slow(id); err != nil {
			return nil, err
		}
	}
	if err := c.reachable(p.Devices, p.EvenOffline); err != nil {
		return nil, err
	}
	r, err := c.createMany(do)
	if err != nil {
		return nil, err
	}
	codes, err := c.made(r)
	if err != nil {
		return nil, err
	}
	return reply{"access_codes": codes}, nil
}

type updateCode struct {
	ID        lock.CodeID    `json:"access_code_id" need:"true" doc:"the code"`
	Device    *lock.DeviceID `json:"device_id" doc:"the lock that it must belong to"`
	Name      *string        `json:"name" doc:"what people call it"`
	Code      *string        `json:"code" doc:"new digits"`
	Length    *int           `json:"preferred_code_length" doc:"without effect: digits are not drawn anew"`
	Starts    *time.Time     `json:"starts_at" doc:"when it begins to open"`
	Ends      *time.Time     `json:"ends_at" doc:"from when on it opens no more"`
	Type      *string        `json:"type" doc:"ongoing: without an end; time_bound: with both times"`
	Managed   *bool          `json:"is_managed" doc:"false: it is managed no more, and stays on the lock"`
	Native    *bool          `json:"prefer_native_scheduling" doc:"false: written just in time, even where the lock keeps schedules"`
	External  *bool          `json:"is_external_modification_allowed" also:"allow_external_modification" doc:"changes made at the lock are honoured"`
	Pool      *bool          `json:"use_backup_access_code_pool" doc:"switches the backup pool of the device on"`
	Offline   *bool          `json:"is_offline_access_code" also:"use_offline_access_code" doc:"whether it is algorithmic, which no change makes it"`
	OneTime   *bool          `json:"is_one_time_use" doc:"whether it dies with its first use, which no change makes it"`
	Rounding  *string        `json:"max_time_rounding" doc:"1hour or 1day; without effect: what can be changed is not rounded"`
	EvenOff   *bool          `json:"attempt_for_offline_device" doc:"without effect: changes wait for the lock"`
	AcceptGap *bool          `json:"accept_gap" doc:"false: refused if the code would be away from the lock for a moment while somebody may be in-house"`
	Sync      *bool          `json:"sync" doc:"without effect: the answer never waits for the lock"`
}

func codesUpdate(c *call, p updateCode) (reply, error) {
	v, err := c.live(p.ID, p.Device)
	if err != nil {
		return nil, err
	}
	if err := c.slow(v.Device); err != nil {
		return nil, err
	}
	if p.Managed != nil && !*p.Managed {
		return c.letGo(p)
	}
	switch {
	case p.Offline != nil && *p.Offline != (v.Offline != lock.OfflineNone):
		return nil, invalid(mistake{"is_offline_access_code", "can't be changed: delete the code and create another"})
	case p.OneTime != nil && *p.OneTime != v.OneTime:
		return nil, invalid(mistake{"is_one_time_use", "can't be changed: delete the code and create another"})
	}
	if _, err := rounding(p.Rounding); err != nil {
		return nil, err
	}
	// What the hosted API does to a lock that can't be changed in place: erase, and write again.
	gap := p.AcceptGap == nil || *p.AcceptGap
	ongoing := p.Type != nil && *p.Type == string(engine.Ongoing)
	switch {
	case p.Type == nil:
	case ongoing && (p.Starts != nil || p.Ends != nil):
		return nil, invalid(mistake{"type", "ongoing has neither starts_at nor ends_at"})
	case !ongoing && *p.Type != string(engine.TimeBound):
		return nil, invalid(mistake{"type", "must be ongoing or time_bound"})
	case !ongoing && v.Type == engine.Ongoing && (p.Starts == nil || p.Ends == nil):
		return nil, invalid(mistake{"type", "time_bound needs starts_at and ends_at"})
	}
	do := engine.Update{
		Code: p.ID, Name: p.Name, Starts: p.Starts, Ends: p.Ends, AllowExternal: p.External, AcceptGap: gap,
		Ongoing: ongoing && v.Type == engine.TimeBound, UsePool: yes(p.Pool),
	}
	if p.Native != nil {
		do.JIT = ptr(!*p.Native)
	}
	if p.Code != nil {
		pin, err := digits(*p.Code)
		if err != nil {
			return nil, err
		}
		do.PIN = &pin
	}
	if _, err := c.submit(do); err != nil {
		return nil, err
	}
	return reply{"action_attempt": c.attempt(attemptUpdate, p.ID)}, nil
}

// letGo ends the management of a code, which stays on the lock. That is no change of it, so nothing else may be asked for.
func (c *call) letGo(p updateCode) (reply, error) {
	alone := updateCode{ID: p.ID, Device: p.Device, Managed: p.Managed, Sync: p.Sync}
	if p != alone {
		return nil, invalid(mistake{"is_managed", "can't be false together with changes of the code"})
	}
	if _, err := c.submit(engine.Delete{Code: p.ID, Leave: true}); err != nil {
		return nil, err
	}
	return reply{"action_attempt": c.attempt(attemptUpdate, p.ID)}, nil
}

type updateCodes struct {
	CommonKey string     `json:"common_code_key" need:"true" doc:"the key that the codes share"`
	Name      *string    `json:"name" doc:"what people call them"`
	Starts    *time.Time `json:"starts_at" doc:"when they begin to open"`
	Ends      *time.Time `json:"ends_at" doc:"from when on they open no more"`
}

func codesUpdateMultiple(c *call, p updateCodes) (reply, error) {
	_, err := c.submit(engine.UpdateMany{CommonKey: p.CommonKey, Name: p.Name, Starts: p.Starts, Ends: p.Ends, AcceptGap: true})
	return reply{}, err
}

type deleteCode struct {
	ID     lock.CodeID    `json:"access_code_id" need:"true" doc:"the code"`
	Device *lock.DeviceID `json:"device_id" doc:"the lock that it must belong to"`
	Sync   *bool          `json:"sync" doc:"without effect: the answer never waits for the lock"`
}

func codesDelete(c *call, p deleteCode) (reply, error) {
	v, err := c.live(p.ID, p.Device)
	if err != nil {
		return nil, err
	}
	if err := c.slow(v.Device); err != nil {
		return nil, err
	}
	if v.Status != engine.StatusRemoving { // a repeated delete finds it on its way out
		if _, err := c.submit(engine.Delete{Code: p.ID}); err != nil {
			return nil, err
		}
	}
	return reply{"action_attempt": c.attempt(attemptDelete, p.ID)}, nil
}

type pullBackup struct {
	ID lock.CodeID `json:"access_code_id" need:"true" doc:"the code that fails its holder"`
}

// codesPull answers with both codes: guides read the backup, SDKs the original.
func codesPull(c *call, p pullBackup) (reply, error) {
	v, err := c.live(p.ID, nil)
	if err != nil {
		return nil, err
	}
	if v.Type != engine.TimeBound {
		return nil, problem(http.StatusBadRequest, "access_code_not_time_bound", "a backup stands in for codes with an end only")
	}
	r, err := c.submit(engine.PullBackup{Code: p.ID})
	if err != nil {
		return nil, err
	}
	backup, err := c.show(r.Backup)
	if err != nil {
		return nil, err
	}
	original, err := c.show(p.ID)
	return reply{"access_code": original, "backup_access_code": backup}, err
}

// generated are digits that a device takes.
type generated struct {
	Device lock.DeviceID `json:"device_id"`
	Code   string        `json:"code"`
}

type generateCode struct {
	Device lock.DeviceID `json:"device_id" need:"true" doc:"the lock whose rules count"`
}

// codesGenerate draws digits as a creation would, and keeps nothing.
func codesGenerate(c *call, p generateCode) (reply, error) {
	if !c.who.May(ScopePINs) {
		return nil, problem(http.StatusForbidden, "forbidden", "this API key lacks the scope "+string(ScopePINs))
	}
	r, err := c.host.Submit(c.ctx, engine.Command{Actor: c.who.Name, DryRun: true, Do: engine.Create{
		ID: lock.CodeID("generated-" + c.newID()), Device: p.Device, Tell: true,
	}})
	if err != nil {
		return nil, asProblem(err)
	}
	if r.PINs[0].IsZero() {
		return nil, problem(http.StatusBadRequest, "not_supported_by_device", "the provider chooses the digits of this lock")
	}
	return reply{"generated_code": generated{p.Device, r.PINs[0].Reveal()}}, nil
}

// live finds a code that is not gone, of the device that the caller believes it to belong to.
func (c *call) live(id lock.CodeID, of *lock.DeviceID) (*engine.CodeView, error) {
	s, err := c.snapshot(engine.Query{View: engine.ViewCode, Code: id})
	if err != nil {
		return nil, err
	}
	v := &s.Codes[0]
	if v.Status == engine.StatusGone || of != nil && *of != v.Device {
		return nil, problem(http.StatusNotFound, "access_code_not_found", "no access code "+clip(string(id)))
	}
	return v, nil
}

// made is the codes of a creation for its answer. Those that its receipt does not show, as when it was given before, are read.
func (c *call) made(r engine.Receipt) ([]accessCode, error) {
	codes := []accessCode{}
	if len(r.Shown) == len(r.Codes) {
		if err := c.tell(r.Shown); err != nil {
			return nil, err
		}
		for i := range r.Shown {
			codes = append(codes, c.render(&r.Shown[i]))
		}
		return codes, nil
	}
	for _, id := range r.Codes {
		code, err := c.show(id)
		if err != nil {
			return nil, err
		}
		codes = append(codes, code)
	}
	return codes, nil
}

// show reads a code for an answer, with its digits if the caller may see them.
func (c *call) show(id lock.CodeID) (accessCode, error) {
	v, err := c.live(id, nil)
	if err != nil {
		return accessCode{}, err
	}
	all := []engine.CodeView{*v}
	if err := c.tell(all); err != nil {
		return accessCode{}, err
	}
	return c.render(&all[0]), nil
}

// tellers is how many digits are asked for at once: those that wait share a commit.
const tellers = 32

// tell fills in digits that nobody was told yet. The answer that carries them is what tells them.
func (c *call) tell(all []engine.CodeView) error {
	if !c.who.May(ScopePINs) {
		return nil
	}
	var untold []*engine.CodeView
	for i := range all {
		if v := &all[i]; v.HasPIN && v.PIN.IsZero() && (!v.Backup || v.PulledFor != "") {
			untold = append(untold, v)
		}
	}
	for batch := range slices.Chunk(untold, tellers) {
		failed := make(chan error, len(batch))
		for _, v := range batch {
			go func() {
				r, err := c.submitAs("", engine.Reveal{Code: v.ID})
				if err == nil {
					v.PIN = r.PINs[0]
				}
				failed <- err
			}()
		}
		for range batch {
			if err := <-failed; err != nil {
				return err
			}
		}
	}
	return nil
}
