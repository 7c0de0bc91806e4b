package mutate

import (
	_ "embed"
	"strconv"
	"strings"
)

// The environment by which a mutant is chosen, and by which the reached places are written to a file.
const (
	envMutant  = "MUTANT"
	envReached = "MUTANT_REACHED"
)

//go:embed switch.txt
var switchSource string

// switchText is the file that is added to the package: what its mutants call.
func switchText(name string, mutants int) string {
	return strings.NewReplacer("PACKAGE", name, "COUNT", strconv.Itoa(mutants+1)).Replace(switchSource)
}
