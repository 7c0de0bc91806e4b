package world

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// command writes a command; "" for one that the scenario's own tables say.
func (t *teller) command(do engine.Action, d deed) (string, error) {
	switch do := do.(type) {
	case engine.AddDevice:
		return "", nil
	case engine.RemoveDevice:
		return field("remove_lock", t.lock(do.Device)), nil
	case engine.SetPolicy:
		on := ""
		if do.Device != "" {
			on = t.lock(do.Device)
		} else if do.Account != "" {
			on = t.account(do.Account)
		}
		return verb("policy", append([]string{field("on", on)}, fieldsOf(do.Patch)...)...), nil
	case engine.SetPool:
		return verb("pool", field("lock", t.lock(do.Device)), "on = "+strconv.FormatBool(do.On)), nil
	case engine.Create:
		if len(d.took.Codes) == 0 {
			return "", nil
		}
		return verb("create", append([]string{field("id", t.code(d.took.Codes[0])), field("lock", t.lock(do.Device))}, t.like(do, do.Device)...)...), nil
	case engine.CreateMany:
		return t.many(do, d), nil
	case engine.Update:
		fields := []string{field("code", t.code(do.Code)), pointed("name", do.Name, func(s string) string { return strconv.Quote(t.name("name", s)) })}
		if do.PIN != nil {
			fields = append(fields, field("pin", t.pin(t.door(do.Code), *do.PIN)))
		}
		return verb("update", append(fields, at("starts", do.Starts), at("ends", do.Ends), pointed("jit", do.JIT, strconv.FormatBool),
			pointed("allow_external", do.AllowExternal, strconv.FormatBool), yes("accept_gap", do.AcceptGap), yes("ongoing", do.Ongoing),
			yes("pool", do.UsePool))...), nil
	case engine.UpdateMany:
		return verb("update_many", field("common_key", t.name("group", do.CommonKey)),
			pointed("name", do.Name, func(s string) string { return strconv.Quote(t.name("name", s)) }),
			at("starts", do.Starts), at("ends", do.Ends), yes("accept_gap", do.AcceptGap)), nil
	case engine.Convert:
		return verb("convert", field("code", t.code(do.Code)), yes("ongoing", do.Ongoing), moment("starts", do.Starts), moment("ends", do.Ends),
			yes("accept_gap", do.AcceptGap)), nil
	case engine.Delete:
		return verb("delete", field("code", t.code(do.Code)), yes("leaked", do.Leaked), yes("leave", do.Leave)), nil
	case engine.Rotate:
		pin := ""
		if !do.PIN.IsZero() {
			pin = t.pin(t.door(do.Code), do.PIN)
		}
		return verb("rotate", field("code", t.code(do.Code)), field("pin", pin), yes("accept_gap", do.AcceptGap)), nil
	case engine.PullBackup:
		return verb("pull", field("code", t.code(do.Code)), field("as", t.code(d.took.Backup))), nil
	case engine.Adopt:
		if len(d.took.Codes) == 0 {
			return "", nil
		}
		return verb("adopt", field("lock", t.lock(do.Device)), number("slot", d.slot), field("as", t.code(d.took.Codes[0])),
			yes("allow_external", do.AllowExternal)), nil
	case engine.DeleteUnmanaged:
		return verb("delete_unmanaged", field("lock", t.lock(do.Device)), number("slot", d.slot)), nil
	case engine.SwapDevice:
		return verb("swap", field("old", t.lock(do.Old)), field("new", t.lock(do.New))), nil
	case engine.Observe:
		return field("observe", t.lock(do.Device)), nil
	case engine.Undo:
		return field("undo", t.name("step", strconv.FormatInt(int64(do.Receipt), 10))), nil
	case engine.Reveal:
		return field("reveal", t.code(do.Code)), nil
	}
	return "", fmt.Errorf("save: no scenario can say %s", do.Verb())
}

// like writes what the creation of one code and of many share.
func (t *teller) like(do engine.Create, device lock.DeviceID) []string {
	pin, holder, group := "", "", ""
	if !do.PIN.IsZero() {
		pin = t.pin(device, do.PIN)
	}
	if do.Holder != "" {
		holder = t.name("holder", do.Holder)
	}
	if do.CommonKey != "" {
		group = t.name("group", do.CommonKey)
	}
	return []string{
		field("pin", pin), number("pin_length", do.PINLength), moment("starts", do.Starts), moment("ends", do.Ends), yes("jit", do.JIT),
		yes("allow_external", do.AllowExternal), yes("use_pool", do.UsePool), field("common_key", group), field("holder", holder),
		yes("offline", do.Offline), yes("one_time", do.OneTime), span("max_rounding", do.MaxRounding),
	}
}

// many writes the creation of a code on several doors: the codes are called after their locks.
func (t *teller) many(do engine.CreateMany, d deed) string {
	if len(do.Devices) == 0 || len(d.took.Codes) != len(do.Devices) {
		return ""
	}
	stay := t.name("stay", string(d.took.Codes[0]))
	locks := make([]string, len(do.Devices))
	for i, id := range do.Devices {
		locks[i] = strconv.Quote(t.lock(id))
		t.names["code\x00"+string(d.took.Codes[i])] = stay + "-" + t.lock(id)
	}
	fields := []string{field("id", stay+"-*"), "locks = [" + strings.Join(locks, ", ") + "]"}
	fields = append(fields, t.like(do.Like, do.Devices[0])...)
	return verb("create_many", append(fields, yes("own_pins", do.OwnPINs))...)
}

// door is the lock of a code.
func (t *teller) door(id lock.CodeID) lock.DeviceID {
	if w := t.w.judge.wishes[id]; w != nil {
		return w.Device
	}
	return ""
}

// pointed writes a field that nil leaves out.
func pointed[T any](key string, v *T, write func(T) string) string {
	if v == nil {
		return ""
	}
	return key + " = " + write(*v)
}

func at(key string, v *time.Time) string {
	if v == nil {
		return ""
	}
	return moment(key, *v)
}

// fieldsOf writes the numbers of a policy that a patch changes.
func fieldsOf(p engine.PolicyPatch) []string {
	lapse := func(d time.Duration) string { return strconv.Quote(d.String()) }
	return filled([]string{
		pointed("native_lead", p.NativeLead, lapse), pointed("jit_lead", p.JITLead, lapse),
		pointed("jit_overlap", p.JITOverlap, quoted), pointed("jit_early", p.JITEarly, quoted),
		pointed("backup_pool_size", p.PoolSize, strconv.Itoa), pointed("pool_rotate", p.PoolRotate, lapse),
		pointed("auto_pull", p.AutoPull, quoted), pointed("evidence_ttl", p.EvidenceTTL, lapse),
		pointed("confirm_within", p.ConfirmWithin, lapse), pointed("observe_every", p.ObserveEvery, lapse),
		pointed("observe_min", p.ObserveMin, lapse), pointed("backoff_min", p.BackoffMin, lapse),
		pointed("backoff_max", p.BackoffMax, lapse), pointed("max_time_rounding", p.MaxRounding, lapse),
		pointed("call_timeout", p.CallTimeout, lapse), pointed("profile", p.Profile, quoted), pointed("external", p.External, quoted),
	})
}

func quoted[S ~string](s S) string { return strconv.Quote(string(s)) }

// patchOf writes the numbers in which a policy differs from the default.
func patchOf(p engine.Policy) []string {
	def := engine.DefaultPolicy()
	return fieldsOf(engine.PolicyPatch{
		NativeLead: differs(p.NativeLead, def.NativeLead), JITLead: differs(p.JITLead, def.JITLead),
		JITOverlap: differs(p.JITOverlap, def.JITOverlap), JITEarly: differs(p.JITEarly, def.JITEarly),
		PoolSize: differs(p.PoolSize, def.PoolSize), PoolRotate: differs(p.PoolRotate, def.PoolRotate),
		AutoPull: differs(p.AutoPull, def.AutoPull), EvidenceTTL: differs(p.EvidenceTTL, def.EvidenceTTL),
		ConfirmWithin: differs(p.ConfirmWithin, def.ConfirmWithin), ObserveEvery: differs(p.ObserveEvery, def.ObserveEvery),
		ObserveMin: differs(p.ObserveMin, def.ObserveMin), BackoffMin: differs(p.BackoffMin, def.BackoffMin),
		BackoffMax: differs(p.BackoffMax, def.BackoffMax), MaxRounding: differs(p.MaxRounding, def.MaxRounding),
		CallTimeout: differs(p.CallTimeout, def.CallTimeout), Profile: differs(p.Profile, def.Profile), External: differs(p.External, def.External),
	})
}

func differs[T comparable](v, def T) *T {
	if v == def {
		return nil
	}
	return &v
}
