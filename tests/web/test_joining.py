"""What visitors' pages load is joined and shortened, and still means the same."""

from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page

from web.joining import CannotJoin, joined_script, joined_styles, shortened
from web.renaming import renamed

TRICKY = r"""
const outer = 7;
const total = (amount, { rate = outer, ...rest } = {}) => amount * rate + (rest.extra ?? 0);
class Counter {
  #count = 0;
  name = "counter";
  static made = 0;
  #step = (by) => (this.#count += by);
  constructor(start, unused) {
    const made = start;
    this.#count = made;
    Counter.made += 1;
  }
  get value() { return this.#count; }
  add(by = outer) { this.#step(by); return this; }
  async later() { const value = await this.value; return { value, "count": value, name: this.name }; }
}
const shapes = {
  value: 1,
  total(value) { return value / 2 / 1; },
  get outer() { return outer; },
  [`k${outer}`]: outer,
};
function shadows(value, value2) {
  const found = [];
  for (const value of [1, 2]) found.push(value);
  for (let at = 0; at < 2; at++) found.push(at);
  if (value2) { const value = "inner"; found.push(value); } else found.push("no");
  try { throw { value }; } catch ({ value: caught }) { found.push(caught); }
  try { null.x; } catch { found.push("caught"); }
  found.push(value);
  return found;
}
const words = (text) => text.split(/[`"'/{}]+|value\/total/).filter((text) => text !== "value" && !/}$/.test(text));
const told = (name, more) => `${name} has ${more.map((each, at) => `${at}:${`<${each}>`}`).join(", ")} {name}`;
const twice = (a, b) => ({ first: `${a}-${b}-${[a, b].map((each) => `${each}${a}`)}`, b: a, other: b, outer });
const chosen = (flag) => (flag ? { flag, value: flag } : [outer, { total: flag }]);
const grouped = ([first, [second, ...others]], { a: { b, c = first }, ...d }) => ({ first, second, others, b, c, d });
const signs = (a, b) => `${a - -b}${a + +b}${a < b ? { text: "a  -  b" }.text : [1_000, 2]}`;
const label = (switched) => {
  switch (switched) {
    case outer: return "outer";
    default: { const outer = 1; return outer; }
  }
};
let changed = 1;
changed += total(1);
const many = (...numbers) => numbers.length;
const ONCE = 1_500;
const SAID = "a, b";
const SHAPE = /[(,]/u;
const TWICE = 2;
const LISTED = 3;
const settled = (changes = {}) => {
  let count = 0;
  const add = (by) => (count += by);
  const both = (one, other) => (add(one), add(other));
  const last = (changes.last = [ONCE, SAID].length);
  return [add(ONCE), both(1, 2), last, changes, SAID.length, SHAPE.test("f(x)"), TWICE * TWICE, { LISTED }];
};
const arrows = async (by) => {
  const plus = (each) => each + by;
  const both = (one, other) => one + other;
  const later = async (each) => plus(each);
  if (by) { const plus = 1; changed += plus; }
  const lists = [[1, 2,].length, [, 1].length, many(1, 2,), { a: 1, b: 2, }.b];
  return [await later(1), both(1, 2,), ((each) => (each))(3), ...lists];
};
const by_two = (by) => by * 2;
export async function run() {
  const counter = new Counter(2).add().add(1);
  const { value: renamedValue, ["name"]: named } = counter;
  const globals = [typeof document, typeof window.name, isNaN(NaN)];
  const unending = (by) => [by / Infinity, -Infinity < by, by > Infinity, (by || Infinity) > 9, typeof Infinity];
  const endless = () => { return Infinity; };
  const ends = [Infinity, endless(), by_two(Infinity)].map(String);
  return JSON.stringify([
    unending(0), unending(2), ends,
    total(2, { extra: 1 }), total(2, { rate: 3 }), renamedValue, named, Counter.made, await counter.later(),
    shapes.total(8), shapes.outer, shapes.k7, shadows("v", true), shadows("w"), words("a`b/c value/total}d value"),
    told("Anna", ["x", "y"]), twice(1, 2), chosen(1), chosen(0), label(7), label(8),
    grouped([1, [2, 3, 4]], { a: { b: 5 }, e: 6 }),
    changed, settled(),
    await arrows(1), globals, signs(1, 2), signs(2, 1), ((a, b) => a - b)(3, 1), [3, 1].sort((a, b) => a - b)
      .map((a) => a ** 2 / 1),
    `${{ a: 1 }.a}`,
  ]);
}
"""


def run(page: Page, script: str) -> str:
    address = "data:text/javascript," + quote(script)
    return page.evaluate(f"async () => (await import('{address}')).run()")


def test_a_shortened_script_does_what_it_did(empty_page: Page) -> None:
    short = shortened(TRICKY)
    assert len(short) < len(TRICKY) * 0.75
    assert run(empty_page, short) == run(empty_page, TRICKY)


def test_what_others_see_keeps_its_name() -> None:
    script = "export const wait=1;const own=2;export function said(words){return{words,own,text:words.text+own};}"
    assert renamed(script) == ("export let wait=1;let e=2;export function said(t){return{words:t,own:e,text:t.text+e}}")


def test_a_short_name_never_hides_one_that_is_needed() -> None:
    script = "const first=1;const second=(third)=>((fourth)=>first+third+fourth+e)(2);"
    assert renamed(script) == "let t=1,n=n=>(r=>t+n+r+e)(2);"


def test_private_names_are_short_and_colours_are_not_names() -> None:
    script = 'class Own{#held="#held";#other=1;tell(){return this.#held+this.#held;}}'
    assert renamed(script) == 'class e{#e="#held";#t=1;tell(){return this.#e+this.#e}}'


def test_private_names_begin_anew_in_every_class() -> None:
    script = (
        "class One{#held=1;#other=2;tell(){return this.#other-this.#held;}}"
        "class Two{#other=1;inner=class{#held=2;tell(two){return this.#held-two.#other;}}}"
    )
    assert renamed(script) == (
        "class e{#e=1;#t=2;tell(){return this.#t-this.#e}}class t{#e=1;inner=class{#t=2;tell(e){return this.#t-e.#e}}}"
    )


def test_yes_and_no_are_brief_but_keep_their_names() -> None:
    script = (
        "const one=true;export const all=()=>{for(const each of[false])return one?true:{true:each,false:each.true};};"
    )
    assert renamed(script) == ("let e=!0;export let all=()=>{for(let t of[!1])return e?true:{true:t,false:t.true}};")


def test_what_has_no_end_is_brief_where_that_means_the_same() -> None:
    briefly = "export let all=(e)=>[Infinity,e=Infinity,e||Infinity,e??Infinity,e>Infinity,e?Infinity:Infinity];"
    assert "Infinity" not in renamed(briefly)
    assert renamed("export const all=(e)=>{return Infinity;};") == "export let all=e=>{return Infinity};"
    for whole in (
        "2/Infinity",
        "-Infinity",
        "Infinity/2",
        "2**Infinity",
        "Infinity**2",
        "typeof Infinity",
        "Infinity.toFixed()",
    ):
        assert renamed(f"export const all=[{whole}];") == f"export let all=[{whole}];"
    assert (
        renamed("export const all={Infinity:1,other:all.Infinity};")
        == "export let all={Infinity:1,other:all.Infinity};"
    )


def test_a_constant_stands_where_it_is_read_if_it_is_read_once() -> None:
    script = (
        'const LONG=1_000;const NAME="anna";const OFTEN=/a/u;export const KEPT=3;const OWN=4;const EACH=/e/g;'
        "export const all=()=>[LONG,NAME,OFTEN,OFTEN,KEPT,{OWN},EACH];"
    )
    assert renamed(script) == (
        'let e=/a/u;export let KEPT=3;let t=4,n=/e/g;export let all=()=>[1000,"anna",e,e,KEPT,{OWN:t},n];'
    )


def test_names_given_one_after_the_other_are_given_in_one_statement() -> None:
    script = (
        "const one=1;let two;let three=()=>{two=one;};const four=3;for(let each=0;each<2;each++)three(each);"
        "let five=two;export const six=4;let seven=five+four;"
    )
    assert renamed(script) == ("let e=1,t,n=()=>{t=e},r=3;for(let e=0;e<2;e++)n(e);let s=t;export let six=4;let i=s+r;")


def test_brackets_round_one_thing_go_and_others_stay() -> None:
    script = "const one=(two=()=>(two=3))=>(two,({two}));const other=(one()*2);const last=(one,other);"
    assert renamed(script) == "let e=(e=()=>e=3)=>(e,({two:e})),t=e()*2,n=(e,t);"


def files(folder: Path, **written: str) -> Path:
    for name, text in written.items():
        (folder / name.replace("_", ".")).write_text(text)
    return folder


def test_modules_become_one_each_after_what_it_needs(tmp_path: Path, empty_page: Page) -> None:
    files(
        tmp_path,
        main_js=(
            'import { two } from "./two.js";\n'
            'import { one } from "./one.js";\n\n'
            "export const run = () => two() + one;\n"
        ),
        two_js='import { one } from "./one.js";\n\nexport function two() {\n  return one + 1;\n}\n',
        one_js="export const one = 1;\n",
    )
    whole = joined_script(tmp_path / "main.js")
    assert "import" not in whole
    assert run(empty_page, whole) == 3


@pytest.mark.parametrize(
    ("main", "other", "message"),
    [
        ('import two from "./two.js";\n', "", 'main.js: cannot join `import two from "./two.js";`'),
        ('import { two } from "./two.js";\n', "export default 2;\n", "two.js: cannot join `export default 2;`"),
        (
            'import { two } from "./two.js";\nconst same = 1;\n',
            "const same = 2;\nexport const two = same;\n",
            "main.js: two modules name something `same`, and joined they would meet",
        ),
    ],
)
def test_what_cannot_be_joined_is_refused(tmp_path: Path, main: str, other: str, message: str) -> None:
    files(tmp_path, main_js=main, two_js=other)
    with pytest.raises(CannotJoin) as refused:
        joined_script(tmp_path / "main.js")
    assert str(refused.value) == message


def test_styles_keep_what_changes_and_fold_what_does_not(tmp_path: Path) -> None:
    files(
        tmp_path,
        tokens_css="""/* values */
            :root { --ink: #111; --night: #eee; --text: var(--ink); --none: var(--ink); --accent: var(--ink); }
            @media (prefers-color-scheme: dark) { :root { --text: var(--night); } }""",
        main_css="""@import "./tokens.css";

.a > .b { color: var(--text); fill: var(--accent); top: var(--top, 0); & .c { all: unset !important; } & p { top: 0; } }
""",
    )
    assert joined_styles(tmp_path / "main.css") == (
        ":root{--c:#111}"
        "@media (prefers-color-scheme:dark){:root{--c:#eee}}"
        ".a>.b{color:var(--c);fill:var(--accent);top:var(--top,0);.c{all:unset!important}& p{top:0}}"
    )


def test_sheets_that_share_their_meanings_call_them_the_same(tmp_path: Path) -> None:
    dark = "@media (prefers-color-scheme: dark) { :root { --line: #333; --text: #eee; } }"
    files(
        tmp_path,
        tokens_css=f":root {{ --line: #ccc; --text: #111; }} {dark}",
        one_css='@import "./tokens.css";\n.one { color: var(--text); border-color: var(--line); }',
        two_css='@import "./tokens.css";\n.two { --own: 1; --own: 2; color: var(--text); order: var(--own); }',
    )
    assert joined_styles(tmp_path / "one.css").endswith(".one{color:var(--b);border-color:var(--a)}")
    assert joined_styles(tmp_path / "two.css") == (
        ":root{--b:#111}@media (prefers-color-scheme:dark){:root{--b:#eee}}"
        ".two{--c:1;--c:2;color:var(--b);order:var(--c)}"
    )


def test_a_meaning_that_is_another_by_its_name_is_that_other(tmp_path: Path) -> None:
    files(
        tmp_path,
        main_css=":root { --focus: var(--link); --link: blue; } "
        "@media print { :root { --link: #000; } } a { color: var(--focus); }",
    )
    assert joined_styles(tmp_path / "main.css") == ":root{--b:blue}@media print{:root{--b:#000}}a{color:var(--b)}"


def test_what_is_without_end_and_the_line_after_a_head_are_said_briefly() -> None:
    script = "export const last=(all)=>{for(const each of all)\nif(each>Infinity)return each.Infinity;};"
    assert renamed(script) == "export let last=e=>{for(let t of e)if(t>1/0)return t.Infinity};"
