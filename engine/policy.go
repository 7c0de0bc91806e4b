package engine

import (
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// Policy holds every number that the engine decides by. The zero value is not valid; DefaultPolicy is.
type Policy struct {
	NativeLead    time.Duration // a native code is loaded this long before it starts
	JITLead       time.Duration // a just-in-time write begins this long before the start
	JITOverlap    Overlap
	JITEarly      Early
	PoolSize      int // backup codes kept ready per device
	PoolRotate    time.Duration
	AutoPull      AutoPull
	EvidenceTTL   time.Duration // how long a confirmation counts
	ConfirmWithin time.Duration // how long a cloud-only acceptance stays `setting`
	ObserveEvery  time.Duration // routine look
	ObserveMin    time.Duration // shortest gap between routine looks
	BackoffMin    time.Duration
	BackoffMax    time.Duration
	MaxRounding   time.Duration // largest loss of a window by a lock's grain
	CallTimeout   time.Duration
	Profile       Profile
	External      External
}

type (
	// Overlap says whether a JIT write waits for the guest before.
	Overlap string
	// Early says whether a JIT code may open before its start.
	Early string
	// AutoPull says what happens when a start comes near without a working code.
	AutoPull string
	// Profile picks the seed's numbers or the newer ones.
	Profile string
	// External says what is done about changes made at the lock.
	External string
)

// The choices of the policy.
const (
	OverlapWait   Overlap = "wait"
	OverlapIgnore Overlap = "ignore"

	EarlyAllow  Early = "allow"
	EarlyStage  Early = "stage"
	EarlyForbid Early = "forbid"

	PullOff     AutoPull = "off"
	PullSuggest AutoPull = "suggest"
	PullAuto    AutoPull = "auto"

	ProfileSeed    Profile = "seed"
	ProfileCurrent Profile = "current"

	ExternalEnforce External = "enforce"
	ExternalAllow   External = "allow"
	ExternalAsk     External = "ask"
)

// DefaultPolicy returns the seed's numbers.
func DefaultPolicy() Policy {
	return Policy{
		NativeLead: 72 * time.Hour, JITLead: 30 * time.Minute, JITOverlap: OverlapWait, JITEarly: EarlyAllow,
		PoolSize: 3, PoolRotate: 90 * 24 * time.Hour, AutoPull: PullSuggest,
		EvidenceTTL: 24 * time.Hour, ConfirmWithin: 10 * time.Minute,
		ObserveEvery: 24 * time.Hour, ObserveMin: time.Minute,
		BackoffMin: 10 * time.Second, BackoffMax: 30 * time.Minute,
		MaxRounding: time.Hour, CallTimeout: 30 * time.Second,
		Profile: ProfileSeed, External: ExternalEnforce,
	}
}

// PolicyPatch overrides some fields of a Policy; nil fields stay. Setting Profile to current also moves JITLead to 60 min
// unless JITLead is given.
type PolicyPatch struct {
	NativeLead    *time.Duration `json:",omitzero"`
	JITLead       *time.Duration `json:",omitzero"`
	JITOverlap    *Overlap       `json:",omitzero"`
	JITEarly      *Early         `json:",omitzero"`
	PoolSize      *int           `json:",omitzero"`
	PoolRotate    *time.Duration `json:",omitzero"`
	AutoPull      *AutoPull      `json:",omitzero"`
	EvidenceTTL   *time.Duration `json:",omitzero"`
	ConfirmWithin *time.Duration `json:",omitzero"`
	ObserveEvery  *time.Duration `json:",omitzero"`
	ObserveMin    *time.Duration `json:",omitzero"`
	BackoffMin    *time.Duration `json:",omitzero"`
	BackoffMax    *time.Duration `json:",omitzero"`
	MaxRounding   *time.Duration `json:",omitzero"`
	CallTimeout   *time.Duration `json:",omitzero"`
	Profile       *Profile       `json:",omitzero"`
	External      *External      `json:",omitzero"`
}

func set[T any](dst *T, src *T) {
	if src != nil {
		*dst = *src
	}
}

// Over returns p with the fields of the patch laid over it.
func (p Policy) Over(x PolicyPatch) Policy {
	if x.Profile != nil && *x.Profile == ProfileCurrent {
		p.JITLead = 60 * time.Minute
	}
	set(&p.NativeLead, x.NativeLead)
	set(&p.JITLead, x.JITLead)
	set(&p.JITOverlap, x.JITOverlap)
	set(&p.JITEarly, x.JITEarly)
	set(&p.PoolSize, x.PoolSize)
	set(&p.PoolRotate, x.PoolRotate)
	set(&p.AutoPull, x.AutoPull)
	set(&p.EvidenceTTL, x.EvidenceTTL)
	set(&p.ConfirmWithin, x.ConfirmWithin)
	set(&p.ObserveEvery, x.ObserveEvery)
	set(&p.ObserveMin, x.ObserveMin)
	set(&p.BackoffMin, x.BackoffMin)
	set(&p.BackoffMax, x.BackoffMax)
	set(&p.MaxRounding, x.MaxRounding)
	set(&p.CallTimeout, x.CallTimeout)
	set(&p.Profile, x.Profile)
	set(&p.External, x.External)
	return p
}

// Validate returns a *Refusal that names the first field out of bounds, or nil.
func (p Policy) Validate() error {
	if err := p.bounds(); err != nil {
		return err
	}
	if p.BackoffMin > p.BackoffMax {
		return refuse("invalid_policy", "backoff_min", "must not exceed backoff_max")
	}
	return nil
}

// bounds looks at each field by itself.
func (p Policy) bounds() error {
	for _, f := range []struct {
		name     string
		v        time.Duration
		min, max time.Duration
	}{
		{"native_lead", p.NativeLead, 0, 90 * 24 * time.Hour},
		{"jit_lead", p.JITLead, 0, 24 * time.Hour},
		{"pool_rotate", p.PoolRotate, time.Hour, 3650 * 24 * time.Hour},
		{"evidence_ttl", p.EvidenceTTL, time.Minute, 365 * 24 * time.Hour},
		{"confirm_within", p.ConfirmWithin, 0, 24 * time.Hour},
		{"observe_every", p.ObserveEvery, time.Minute, 365 * 24 * time.Hour},
		{"observe_min", p.ObserveMin, time.Second, 24 * time.Hour},
		{"backoff_min", p.BackoffMin, time.Second, time.Hour},
		{"backoff_max", p.BackoffMax, time.Second, 24 * time.Hour},
		{"max_time_rounding", p.MaxRounding, 0, 24 * time.Hour},
		{"call_timeout", p.CallTimeout, time.Second, 10 * time.Minute},
	} {
		if f.v < f.min || f.v > f.max {
			return refuse("invalid_policy", f.name, "must lie between "+f.min.String()+" and "+f.max.String())
		}
	}
	for _, f := range []struct {
		name, v string
		one     []string
	}{
		{"jit_overlap", string(p.JITOverlap), []string{string(OverlapWait), string(OverlapIgnore)}},
		{"jit_early", string(p.JITEarly), []string{string(EarlyAllow), string(EarlyStage), string(EarlyForbid)}},
		{"auto_pull", string(p.AutoPull), []string{string(PullOff), string(PullSuggest), string(PullAuto)}},
		{"profile", string(p.Profile), []string{string(ProfileSeed), string(ProfileCurrent)}},
		{"external", string(p.External), []string{string(ExternalEnforce), string(ExternalAllow), string(ExternalAsk)}},
	} {
		if !slices.Contains(f.one, f.v) {
			return refuse("invalid_policy", f.name, "must be one of "+strings.Join(f.one, ", "))
		}
	}
	if p.PoolSize < 0 || p.PoolSize > 20 {
		return refuse("invalid_policy", "backup_pool_size", "must lie between 0 and 20")
	}
	return nil
}

func (x PolicyPatch) bounds() error { return DefaultPolicy().Over(x).bounds() }

// poolable reports whether a device of these traits can keep backup codes at all.
func poolable(t lock.Traits) bool { return !t.NoBackupPool && !t.AssignsPIN && !t.OfflineOnly }

// and lays a later patch over an earlier one.
func (x PolicyPatch) and(y PolicyPatch) PolicyPatch {
	over(&x.NativeLead, y.NativeLead)
	over(&x.JITLead, y.JITLead)
	over(&x.JITOverlap, y.JITOverlap)
	over(&x.JITEarly, y.JITEarly)
	over(&x.PoolSize, y.PoolSize)
	over(&x.PoolRotate, y.PoolRotate)
	over(&x.AutoPull, y.AutoPull)
	over(&x.EvidenceTTL, y.EvidenceTTL)
	over(&x.ConfirmWithin, y.ConfirmWithin)
	over(&x.ObserveEvery, y.ObserveEvery)
	over(&x.ObserveMin, y.ObserveMin)
	over(&x.BackoffMin, y.BackoffMin)
	over(&x.BackoffMax, y.BackoffMax)
	over(&x.MaxRounding, y.MaxRounding)
	over(&x.CallTimeout, y.CallTimeout)
	over(&x.Profile, y.Profile)
	over(&x.External, y.External)
	return x
}

func over[T any](dst **T, src *T) {
	if src != nil {
		*dst = src
	}
}
