package scenario

import (
	"testing"
)

func TestX(t *testing.T) {
	f, err := Decode("x.toml", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	res, err := Run(t.Context(), f, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v %d events, %d steps\n%s", res.Verdict, res.Events, res.Steps, res.Trace())
	for _, x := range res.Failures {
		t.Logf("%+v", x)
	}
}
