package arch

// House is every rule, as data. Each exception carries its reason.
type House struct {
	Module  string
	Arrows  []Arrow
	Kept    []Kept
	Banned  []Banned
	Excuses []Excuse
	Least   []Least
}

// Arrow says which packages of the module a package may import outside of its tests. "*" in From stands for one folder, Below
// makes it hold for every folder below too, and "/..." in May is a folder with all below it.
type Arrow struct {
	From  string
	Below bool
	May   []string
	Why   string
}

// Kept keeps an import out of some folders (Inside; none: everywhere), but for some (Outside of which it is forbidden).
type Kept struct {
	Import          string
	Inside, Outside []string
	Why             string
}

// Banned are functions of a package that nobody may mention: Names, or with AllBut everything but Names.
type Banned struct {
	Rule    string
	Package string
	Names   []string
	AllBut  bool
	InTests bool     // in _test.go files instead of the others
	InBoth  bool     // in both
	Under   []string // only in these folders; none: everywhere
	Why     string
}

// Excuse lets a folder or file break a rule.
type Excuse struct{ Rule, Path, Reason string }

// Least is the oldest version of a module that may be built against.
type Least struct{ Module, Version, Why string }

// Lockctl is the house of this module.
func Lockctl() House {
	const anything = "*/..."
	return House{
		Module: "github.com/accesscodes/lockctl",
		Arrows: []Arrow{
			{From: "lock", Why: "the nouns rest on the standard library alone"},
			{From: "driver", May: []string{"lock"}, Why: "the contract knows the nouns alone"},
			{From: "driver/provider", May: []string{"lock", "driver"}, Why: "how a vendor is opened knows no vendor"},
			{From: "driver/oauth", May: []string{"lock", "driver", "driver/provider"}, Why: "tokens know no vendor"},
			{From: "driver/conform", Below: true, May: []string{"lock", "driver", "driver/provider", "driver/conform"}, Why: "conformance knows no vendor, no engine and no simulator"},
			{From: "driver/drivertest", May: []string{"lock", "driver", "driver/provider", "driver/conform"}, Why: "conformance knows no vendor, no engine and no simulator"},
			{From: "driver/rest", May: []string{"lock", "driver"}, Why: "a request knows no vendor"},
			{From: "driver/cognito", May: []string{"lock", "driver", "driver/provider", "driver/rest"}, Why: "a sign-in that vendors share knows none of them"},
			{From: "driver/all", May: []string{"lock", "driver/..."}, Why: "the list of vendors knows nothing but vendors"},
			{From: "driver/*", May: []string{"lock", "driver", "driver/provider", "driver/oauth", "driver/rest", "driver/cognito"}, Why: "a vendor never sees the engine, the simulator or another vendor"},
			{From: "engine", May: []string{"lock", "driver", "engine/store"}, Why: "the engine decides, it hosts and simulates nothing"},
			{From: "engine/store", Below: true, May: []string{"engine/store"}, Why: "a store keeps bytes and knows nothing of locks"},
			{From: "engine/bell", Why: "a bell tells nothing but that it rang"},
			{From: "engine/live", May: []string{"lock", "driver", "engine", "engine/bell", "engine/store"}, Why: "the live host drives real locks through the contract"},
			{From: "sim", May: []string{"lock", "driver"}, Why: "the fleet knows no engine"},
			{From: "sim/lab", May: []string{"lock", "sim"}, Why: "the lab is an interface and its data"},
			{From: "sim/facade/seam", May: []string{"lock", "driver", "engine", "engine/store/...", "sim", "sim/facade", "sim/lab", "api"}, Why: "a hosted service is our own engine behind our own API; it shares no type with its driver"},
			{From: "sim/facade", Below: true, May: []string{"lock", "sim", "sim/facade/..."}, Why: "a façade shares no type with a driver, and knows no engine"},
			{From: "sim/world", May: []string{"lock", "driver", "engine", "engine/bell", "engine/store/...", "sim", "sim/lab"}, Why: "vendor drivers reach the world as injected wires only"},
			{From: "sim/scenario", Below: true, May: []string{"lock", "driver", "engine", "engine/store/...", "sim", "sim/lab", "sim/world", "sim/scenario", "internal/strict"}, Why: "vendor drivers reach a scenario as injected wires only"},
			{From: "sim/swarm", May: []string{"lock", "engine", "sim", "sim/world", "sim/scenario"}, Why: "it makes up stories, and somebody else runs and judges them"},
			{From: "sim/drive", May: []string{"lock", "driver", "engine/store", "sim"}, Why: "it is a vendor to its host, and knows no engine"},
			{From: "sim/rig", May: []string{"lock", "driver", "driver/conform", "sim"}, Why: "it puts locks behind a driver, and knows no vendor and no engine"},
			{From: "sim/simtest", May: []string{"lock", "driver", "engine", "engine/store/...", "sim", "sim/lab", "sim/world", "sim/scenario", "api"}, Why: "it starts a world and puts it on HTTP, no more"},
			{From: "sim/shrink", May: []string{"lock", "engine", "sim", "sim/scenario"}, Why: "it knows stories, and nothing of where they come from"},
			{From: "sim/wire", May: []string{anything}},
			{From: "tui", Below: true, May: []string{"lock", "driver", "engine", "sim/lab", "internal/quietterm", "internal/when", "tui/..."}, Why: "the interface can't tell which host is beneath"},
			{From: "api", Below: true, May: []string{"lock", "driver", "engine", "engine/bell", "engine/store", "sim/lab", "internal/when", "api/..."}, Why: "the interface can't tell which host is beneath"},
			{From: "cmd/*", May: []string{anything}},
			{From: "internal/when", May: []string{"lock"}, Why: "words for times know nothing of what happens then"},
			{From: "internal/strict", Why: "where a mistake stands has nothing to do with what the file is about"},
			{From: "config", May: []string{"lock", "driver", "driver/provider", "engine", "internal/strict"}, Why: "it says what is to be run, and runs nothing"},
			{From: "internal/quietterm", Why: "it must be ready before everything else"},
			{From: "internal/powercut", Why: "a disk knows nothing of what is written to it"},
			{From: "internal/ordeal", May: []string{"lock", "engine", "sim"}, Why: "it is a story, and knows nothing of what befalls it"},
			{From: "internal/arch", Why: "the judge stands apart"},
			{From: "internal/mutate", Why: "it changes any package and knows none"},
			{From: "scripts/mutate", May: []string{"internal/mutate"}, Why: "it is a main"},
		},
		Kept: []Kept{
			{Import: "github.com/charmbracelet", Outside: []string{"tui", "cmd/lockctl", "internal/quietterm"}, Why: "it asks the terminal questions when it is linked"},
			{Import: "github.com/jonboulle/clockwork", Outside: []string{"engine/live", "sim/world", "sim/drive", "sim/simtest", "sim/facade/seam", "api", "tui", "cmd"}, Why: "clocks live in hosts, everybody else is told the time"},
			{Import: "net/http", Inside: []string{"engine"}, Outside: []string{"engine/live/inbound.go"}, Why: "the engine has no network"},
			{Import: "golang.org/x/oauth2", Outside: []string{"cmd"}, Why: "it reads the wall clock: use driver/oauth"},
			{Import: "testing", Outside: []string{"engine/store/storetest", "driver/conform", "driver/drivertest", "sim/facade/facadetest", "sim/simtest"}, Why: "the product links no test harness"},
		},
		Banned: []Banned{
			{Rule: "wall time", Package: "time", Names: []string{"Now", "Since", "Until", "Sleep", "After", "Tick", "NewTimer", "NewTicker", "AfterFunc"}, Why: "reads the machine's clock: take the time or a clock from the host"},
			{Rule: "wall time", Package: "time", Names: []string{"Local"}, Why: "is the machine's zone: use the lock's, or UTC", Under: []string{"lock", "driver", "engine", "sim"}},
			{Rule: "wall time", Package: "context", Names: []string{"WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause"}, Why: "ends by the machine's clock: only hosts set deadlines", Under: []string{"lock", "driver", "engine", "sim"}},
			{Rule: "real clock", Package: "github.com/jonboulle/clockwork", Names: []string{"NewRealClock", "WithTimeout", "WithDeadline"}, Why: "belongs to main: take a clock from the caller"},
			{Rule: "goroutine", Package: "context", Names: []string{"AfterFunc"}, Why: "starts a goroutine: only hosts may"},
			{Rule: "chance", Package: "math/rand/v2", Names: []string{"New", "NewPCG", "NewChaCha8", "NewZipf", "Rand", "PCG", "ChaCha8", "Zipf", "Source"}, AllBut: true, InBoth: true, Why: "draws from the process's own stream: use a seeded one"},
			{Rule: "chance", Package: "math/rand", AllBut: true, InBoth: true, Why: "is the old generator: use math/rand/v2 with a seed"},
			{Rule: "sleep", Package: "time", Names: []string{"Sleep"}, InTests: true, Why: "makes a test wait: use testing/synctest, a channel or a virtual clock"},
		},
		Excuses: []Excuse{
			{"init", "internal/quietterm", "it must run before the terminal library's own init"},
			{"real clock", "cmd", "main hands the real clock to everybody else"},
			{"real clock", "tui", "frames are painted in real time unless the caller says otherwise"},
			{"real clock", "sim/simtest", "it is the main of a test: webhooks are posted in real time"},
			{"wall time", "cmd", "main hands the real clock to everybody else"},
			{"wall time", "internal/mutate", "it runs programs, and ends those that hang"},
			{"wall time", "engine/live", "a call's context ends at the call's deadline"},
			{"goroutine", "engine/bell", "the end of a listener's context takes the bell away"},
			{"goroutine", "engine/live", "it is a host: one loop, and one goroutine per call"},
			{"goroutine", "sim/world/play.go", "it is a host: one loop owns the world"},
			{"goroutine", "sim/drive/drive.go", "one loop owns the locks and keeps them in step with the clock"},
			{"goroutine", "sim/simtest", "it posts webhooks beside the test, and ends with it"},
			{"goroutine", "cmd", "main runs the host, the servers and the signals side by side"},
			{"goroutine", "tui", "the program loop and what feeds it"},
			{"goroutine", "api", "streams end with the reader or the server"},
			{"goroutine", "engine/store/badgerkv/verify.go", "tables are read side by side before anybody has the store"},
			{"goroutine", "engine/store/storetest", "concurrent clients are what it tests"},
			{"goroutine", "internal/powercut", "the watched program waits until it is answered"},
			{"goroutine", "driver/conform", "concurrent calls are what it tests"},
		},
		Least: []Least{
			{"github.com/dgraph-io/badger/v4", "v4.9.4", "deleted keys come back in older ones, and with them revoked codes"},
		},
	}
}
