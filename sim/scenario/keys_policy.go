package scenario

import (
	"time"

	"github.com/accesscodes/lockctl/engine"
)

type policyDecl struct {
	on given[string]

	nativeLead, jitLead, poolRotate, evidenceTTL, confirmWithin, observeEvery, observeMin given[time.Duration]
	backoffMin, backoffMax, maxRounding, callTimeout                                      given[time.Duration]
	poolSize                                                                              given[int]
	overlap                                                                               given[engine.Overlap]
	early                                                                                 given[engine.Early]
	autoPull                                                                              given[engine.AutoPull]
	profile                                                                               given[engine.Profile]
	external                                                                              given[engine.External]

	keys map[string]Pos // where each value stands
}

func policyShape(title string) shape[policyDecl] {
	const long = 3650 * 24 * time.Hour // the engine has its own, narrower bounds
	lapse := func(name string, at func(*policyDecl) *given[time.Duration], meaning, example string) key[policyDecl] {
		return row(name, duration(0, long), at, meaning, example)
	}
	s := shape[policyDecl]{title: title, keys: []key[policyDecl]{
		row("on", ident[string](true), func(p *policyDecl) *given[string] { return &p.on }, "the lock, locks or account that it is for; left out: all", `"front"`),
		lapse("native_lead", func(p *policyDecl) *given[time.Duration] { return &p.nativeLead }, "a native code is loaded this long before it starts", `"72h"`),
		lapse("jit_lead", func(p *policyDecl) *given[time.Duration] { return &p.jitLead }, "a just-in-time write begins this long before the start", `"30m"`),
		row("jit_overlap", choice("jit_overlap", engine.OverlapWait, engine.OverlapIgnore), func(p *policyDecl) *given[engine.Overlap] { return &p.overlap }, "whether a just-in-time write waits for the guest before", `"wait"`),
		row("jit_early", choice("jit_early", engine.EarlyAllow, engine.EarlyStage, engine.EarlyForbid), func(p *policyDecl) *given[engine.Early] { return &p.early }, "whether a just-in-time code may open before its start", `"allow"`),
		row("backup_pool_size", whole[int](0, 20), func(p *policyDecl) *given[int] { return &p.poolSize }, "spare codes kept ready on a lock", `3`),
		lapse("pool_rotate", func(p *policyDecl) *given[time.Duration] { return &p.poolRotate }, "spares that nobody needed get new digits after this long", `"90d"`),
		row("auto_pull", choice("auto_pull", engine.PullOff, engine.PullSuggest, engine.PullAuto), func(p *policyDecl) *given[engine.AutoPull] { return &p.autoPull }, "what happens when a start comes near without a working code", `"suggest"`),
		lapse("evidence_ttl", func(p *policyDecl) *given[time.Duration] { return &p.evidenceTTL }, "how long a confirmation counts", `"24h"`),
		lapse("confirm_within", func(p *policyDecl) *given[time.Duration] { return &p.confirmWithin }, "how long what only a cloud has accepted stays `setting`", `"10m"`),
		lapse("observe_every", func(p *policyDecl) *given[time.Duration] { return &p.observeEvery }, "how often an idle lock is looked at", `"24h"`),
		lapse("observe_min", func(p *policyDecl) *given[time.Duration] { return &p.observeMin }, "the shortest gap between routine looks", `"1m"`),
		lapse("backoff_min", func(p *policyDecl) *given[time.Duration] { return &p.backoffMin }, "the first pause after a failed call", `"10s"`),
		lapse("backoff_max", func(p *policyDecl) *given[time.Duration] { return &p.backoffMax }, "the longest pause", `"30m"`),
		lapse("max_time_rounding", func(p *policyDecl) *given[time.Duration] { return &p.maxRounding }, "the largest loss of a window by a lock's grain", `"1h"`),
		lapse("call_timeout", func(p *policyDecl) *given[time.Duration] { return &p.callTimeout }, "how long one call may take", `"30s"`),
		row("profile", choice("profile", engine.ProfileSeed, engine.ProfileCurrent), func(p *policyDecl) *given[engine.Profile] { return &p.profile }, "whose defaults: `current` has a just-in-time lead of an hour", `"seed"`),
		row("external", choice("external", engine.ExternalEnforce, engine.ExternalAllow, engine.ExternalAsk), func(p *policyDecl) *given[engine.External] { return &p.external }, "what is done about changes made at the lock", `"enforce"`),
	}}
	for i, k := range s.keys {
		s.keys[i].read = func(v value, p *policyDecl) {
			if p.keys == nil {
				p.keys = map[string]Pos{}
			}
			p.keys[k.name] = v.at.Val
			k.read(v, p)
		}
	}
	return s
}

// policies reads [policy], or [[policy]] for several.
func policies() kind[[]given[policyDecl]] {
	s := policyShape("[policy]")
	many := s.list()
	return kind[[]given[policyDecl]]{"table or array of tables", func(v value) ([]given[policyDecl], bool) {
		if _, ok := v.raw.(map[string]any); !ok {
			return many.read(v)
		}
		one, ok := s.read(v)
		return []given[policyDecl]{{one, v.at.Key, true}}, ok
	}, many.write}
}

func (p policyDecl) patch() engine.PolicyPatch {
	return engine.PolicyPatch{
		NativeLead: p.nativeLead.ptr(), JITLead: p.jitLead.ptr(), JITOverlap: p.overlap.ptr(), JITEarly: p.early.ptr(),
		PoolSize: p.poolSize.ptr(), PoolRotate: p.poolRotate.ptr(), AutoPull: p.autoPull.ptr(),
		EvidenceTTL: p.evidenceTTL.ptr(), ConfirmWithin: p.confirmWithin.ptr(),
		ObserveEvery: p.observeEvery.ptr(), ObserveMin: p.observeMin.ptr(),
		BackoffMin: p.backoffMin.ptr(), BackoffMax: p.backoffMax.ptr(),
		MaxRounding: p.maxRounding.ptr(), CallTimeout: p.callTimeout.ptr(),
		Profile: p.profile.ptr(), External: p.external.ptr(),
	}
}
