package ir

import (
	"fmt"

	"github.com/gomlx/compute"
)

// Kind says what an op computes. There is one for each op of the compute package, of the same name, and Constant.
type Kind uint16

// info is what the rest of the package needs to know about a kind; the table is generated.
type info struct {
	name    string
	opType  compute.OpType
	fixed   int  // operands that are always listed, present or nil
	list    bool // more operands may follow
	bodies  int  // functions
	results int  // results, at least
	more    bool // more results may follow
	attr    Attr // a zero attribute, or nil
}

// String returns the name in text form, such as "dot_general".
func (k Kind) String() string {
	if int(k) < len(infos) {
		return infos[k].name
	}
	return fmt.Sprintf("kind(%d)", uint16(k))
}

// OpType returns compute's name for k.
func (k Kind) OpType() compute.OpType { return infos[k].opType }

// Kinds returns every kind.
func Kinds() []Kind {
	kinds := make([]Kind, 0, len(infos)-1)
	for k := Invalid + 1; int(k) < len(infos); k++ {
		kinds = append(kinds, k)
	}
	return kinds
}

var kindByName = func() map[string]Kind {
	m := make(map[string]Kind, len(infos))
	for _, k := range Kinds() {
		m[k.String()] = k
	}
	return m
}()

// IsBarrier reports whether no rewrite may merge or move work across ops of kind k.
func (k Kind) IsBarrier() bool { return k == OptimizationBarrier || k == SchedulingBarrier }

// Arity returns how many operands, functions and results ops of kind k have, at least.
func Arity(k Kind) (args, bodies, results int) {
	return infos[k].fixed, infos[k].bodies, infos[k].results
}

// ZeroAttr returns an attribute of the type that ops of kind k have, nil if they have none.
func ZeroAttr(k Kind) Attr { return infos[k].attr }
