package scenario

import (
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// expectDecl is one [[expect]] as it is read. What may stand together is decided in resolve_expect.go.
type expectDecl struct {
	t                    given[moment]
	code, lock, event    given[string]
	count, least, most   given[int]
	needs                given[[]given[Need]]
	between              given[[]given[moment]]
	status               given[engine.Status]
	codeType             given[engine.CodeType]
	evidence             given[engine.Evidence]
	readiness            given[engine.Readiness]
	issue, noIssue       given[[]given[string]]
	clean                given[bool]
	blame, mutation      given[string]
	other                given[string]
	scheduled, native    given[bool]
	pulled, inHouse      given[bool]
	onLock, opens        given[bool]
	unverified           given[bool]
	starts, ends         given[moment]
	exposure, exposed    given[time.Duration] // at most, at least
	held, unmanaged      given[int]
	digits               given[int]
	pool, free, radioMax given[int]
	link                 given[string]

	keys    []given[string] // every key that was given, with its place
	muddled bool            // one of them could not be read
}

// The keys of an expectation by what it is about.
var (
	codeChecks  = []string{"status", "type", "evidence", "readiness", "issue", "no_issue", "clean", "blame", "other", "mutation", "scheduled", "native", "pulled", "in_house", "on_lock", "opens", "digits", "unverified", "starts", "ends", "exposure_min", "exposure_max", "count"}
	lockChecks  = []string{"held", "unmanaged", "pool", "slots_free", "issue", "no_issue", "clean", "blame", "link", "radio_max", "exposure_min", "exposure_max", "count"}
	eventChecks = []string{"code", "lock", "count", "min", "max", "between"}
)

func expectShape() shape[expectDecl] {
	issue := choice("issue", issueCodes()...)
	s := shape[expectDecl]{title: "[[expect]]", keys: []key[expectDecl]{
		row("t", when(), func(e *expectDecl) *given[moment] { return &e.t }, "when; left out: at the end", `"5h"`),
		row("code", ident[string](true), func(e *expectDecl) *given[string] { return &e.code }, "the code, or codes, that it is about; with `event`: only events of these", `"guest"`),
		row("lock", ident[string](true), func(e *expectDecl) *given[string] { return &e.lock }, "the lock, or locks, that it is about; with `event`: only events of these", `"front"`),
		row("event", choice("event", eventTypes()...), func(e *expectDecl) *given[string] { return &e.event }, "the journal's event that it counts, from the start until `t`", `"access_code.set_on_device"`),
		row("count", whole[int](0, 1<<30), func(e *expectDecl) *given[int] { return &e.count }, "exactly so many fit; left out: all codes or locks, at least one event", `1`),
		row("min", whole[int](0, 1<<30), func(e *expectDecl) *given[int] { return &e.least }, "of `event`: at least so many", `1`),
		row("max", whole[int](0, 1<<30), func(e *expectDecl) *given[int] { return &e.most }, "of `event`: at most so many", `3`),
		row("between", list(when()), func(e *expectDecl) *given[[]given[moment]] { return &e.between }, "of `event`: from the first instant on, until before the second", `["3h", "4h"]`),
		row("needs", list(choice("need", needs()...)), func(e *expectDecl) *given[[]given[Need]] { return &e.needs }, "traits that this lives on: at a vendor's locks without them it is not looked at", `"list"`),

		row("status", choice("status", engine.StatusUnset, engine.StatusSetting, engine.StatusSet, engine.StatusRemoving, engine.StatusUnknown, engine.StatusGone),
			func(e *expectDecl) *given[engine.Status] { return &e.status }, "what the users of the code are told", `"set"`),
		row("type", choice("type", engine.Ongoing, engine.TimeBound), func(e *expectDecl) *given[engine.CodeType] { return &e.codeType }, "whether it has an end", `"time_bound"`),
		row("scheduled", yesNo(), func(e *expectDecl) *given[bool] { return &e.scheduled }, "the lock holds the code with its schedule", `true`),
		row("native", yesNo(), func(e *expectDecl) *given[bool] { return &e.native }, "the lock's own schedule is used", `true`),
		row("evidence", choice("evidence", engine.EvidenceNone, engine.EvidenceRequested, engine.EvidenceAccepted, engine.EvidenceReported, engine.EvidenceUsed),
			func(e *expectDecl) *given[engine.Evidence] { return &e.evidence }, "how sure the engine is that the lock holds the code", `"reported"`),
		row("readiness", choice("readiness", engine.ReadyVerified, engine.ReadyLikely, engine.ReadyAtRisk, engine.ReadyWillFail),
			func(e *expectDecl) *given[engine.Readiness] { return &e.readiness }, "whether the arrival will get in", `"verified"`),
		row("issue", list(issue), func(e *expectDecl) *given[[]given[string]] { return &e.issue }, "this is wrong with it, or each of these", `"delay_in_setting_on_device"`),
		row("no_issue", list(issue), func(e *expectDecl) *given[[]given[string]] { return &e.noIssue }, "this is not wrong with it, nor any of these", `"duplicate_code_on_device"`),
		row("clean", yesNo(), func(e *expectDecl) *given[bool] { return &e.clean }, "nothing is wrong with it", `true`),
		row("blame", choice("blame", "unknown", "cloud", "account", "hub", "lock", "request"), func(e *expectDecl) *given[string] { return &e.blame }, "the layer that `issue`, or any issue, blames", `"hub"`),
		row("other", text(64), func(e *expectDecl) *given[string] { return &e.other }, "what `issue`, or any issue, says is in the way: a code, or the handle of an unmanaged one", `"cleaner"`),
		row("mutation", choice("mutation", "none", string(engine.MutCreating), string(engine.MutDeferred), string(engine.MutCode), string(engine.MutName), string(engine.MutTime), string(engine.MutDeleting)),
			func(e *expectDecl) *given[string] { return &e.mutation }, "a change that the lock has yet to show", `"updating_time_frame"`),
		row("pulled", yesNo(), func(e *expectDecl) *given[bool] { return &e.pulled }, "a spare stands in for the code", `true`),
		row("in_house", yesNo(), func(e *expectDecl) *given[bool] { return &e.inHouse }, "told, in its window, not withdrawn", `true`),
		row("on_lock", yesNo(), func(e *expectDecl) *given[bool] { return &e.onLock }, "the lock's memory holds the code: the truth, not the engine's view", `true`),
		row("opens", yesNo(), func(e *expectDecl) *given[bool] { return &e.opens }, "the code would open its lock now, whatever is typed: the truth", `false`),
		row("digits", whole[int](1, lock.MaxPIN), func(e *expectDecl) *given[int] { return &e.digits }, "the lock knows the code by so many digits: the truth", `6`),
		row("unverified", yesNo(), func(e *expectDecl) *given[bool] { return &e.unverified }, "its erase can't be confirmed on this lock", `true`),
		row("starts", when(), func(e *expectDecl) *given[moment] { return &e.starts }, "its start is this instant", `"+4h"`),
		row("ends", when(), func(e *expectDecl) *given[moment] { return &e.ends }, "its end is this instant", `"+28h"`),
		row("exposure_min", duration(0, MaxRun), func(e *expectDecl) *given[time.Duration] { return &e.exposed }, "at least so long it opened a door that it should not, as the engine knows", `"2h"`),
		row("exposure_max", duration(0, MaxRun), func(e *expectDecl) *given[time.Duration] { return &e.exposure }, "at most so long it opened a door that it should not, as the engine knows", `"1m"`),

		row("held", whole[int](0, 1<<20), func(e *expectDecl) *given[int] { return &e.held }, "codes in the lock's memory: the truth", `1`),
		row("unmanaged", whole[int](0, 1<<20), func(e *expectDecl) *given[int] { return &e.unmanaged }, "codes that somebody else put on the lock", `0`),
		row("pool", whole[int](0, 20), func(e *expectDecl) *given[int] { return &e.pool }, "spares that are ready", `3`),
		row("slots_free", whole[int](0, 1<<20), func(e *expectDecl) *given[int] { return &e.free }, "slots that nothing holds or has reserved", `4`),
		row("link", choice("link", linkNames()...), func(e *expectDecl) *given[string] { return &e.link }, "how far the last look came", `"lock_down"`),
		row("radio_max", whole[int](0, 1<<30), func(e *expectDecl) *given[int] { return &e.radioMax }, "at most so many calls that the lock had to answer", `200`),
	}}
	for i, k := range s.keys {
		s.keys[i].read = func(v value, e *expectDecl) {
			e.keys = append(e.keys, given[string]{k.name, v.at.Key, true})
			before := v.d.Count()
			k.read(v, e)
			e.muddled = e.muddled || v.d.Count() > before
		}
	}
	s.other = func(v value, e *expectDecl) {
		e.muddled = true
		s.unknown(v)
	}
	return s
}
