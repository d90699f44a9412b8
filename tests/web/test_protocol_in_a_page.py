"""The one protocol client of widget and panel: nothing lost, nothing doubled, nothing out of order."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

Play = Callable[[str], Any]


@pytest.fixture
def play(empty_page: Page) -> Play:
    """Runs a piece of script in a page that has the protocol and a pretended server at hand."""
    tools = 'const { line, settled, Clock, Socket } = await import("/beside/line.js");'
    return lambda script: empty_page.evaluate(f"async () => {{ {tools} {script} }}")


def test_the_line_says_who_it_is_by_subprotocol_and_asks_for_what_it_missed(play: Play) -> None:
    seen = play("""
        const world = await line();
        world.line.follow("c1", 7);
        await world.start();
        world.socket.accept();
        return [world.socket.address, world.socket.protocols, world.socket.sent, world.states];
    """)
    assert seen == [
        "wss://chat.test/widget/socket",
        ["chat.v1", "tok.abc"],
        [{"op": "resume", "conversation": "c1", "after": 7}],
        ["connecting", "open"],
    ]


def test_events_are_shown_once_and_in_order(play: Play) -> None:
    seen = play("""
        const world = await line();
        world.line.follow("c1");
        await world.start();
        world.socket.accept().events([1, 2]);
        world.socket.events([2]);
        world.socket.events([1, 2, 3]);
        return [world.shown, world.line.last("c1")];
    """)
    assert seen == [[1, 2, 3], 3]


def test_a_gap_is_asked_for_once_and_what_came_too_early_is_held(play: Play) -> None:
    seen = play("""
        const world = await line();
        world.line.follow("c1");
        await world.start();
        world.socket.accept().events([1]);
        world.socket.events([4]);
        world.socket.events([5]);
        const before = [...world.shown];
        const asked = world.socket.ops("resume").slice(1);
        world.socket.events([2, 3, 4, 5]);
        return [before, asked, world.shown];
    """)
    assert seen == [[1], [{"op": "resume", "conversation": "c1", "after": 1}], [1, 2, 3, 4, 5]]


def test_a_gap_after_a_page_that_held_nothing_new_is_asked_for_at_once(play: Play) -> None:
    seen = play("""
        const world = await line();
        world.line.follow("c1", 2);
        await world.start();
        world.socket.accept().events([], {last: 2});
        world.socket.events([4]);
        world.socket.events([3, 4]);
        return [world.shown, world.socket.ops("resume").map(({after}) => after)];
    """)
    assert seen == [[3, 4], [2, 2]]


def test_a_long_absence_is_made_up_page_by_page(play: Play) -> None:
    seen = play("""
        const world = await line();
        world.line.follow("c1");
        await world.start();
        world.socket.accept().events([1, 2], {last: 5, more: true});
        world.socket.events([3, 4], {last: 5, more: true});
        world.socket.events([5], {last: 5});
        return [world.shown, world.socket.ops("resume").map(({after}) => after)];
    """)
    assert seen == [[1, 2, 3, 4, 5], [0, 2, 4]]


def test_a_lost_last_hint_is_noticed_by_the_next_heartbeat(play: Play) -> None:
    seen = play("""
        const world = await line();
        world.line.follow("c1");
        await world.start();
        world.socket.accept().events([1]);
        world.socket.say({op: "beat", heads: {c1: 1}});
        const quiet = world.socket.ops("resume").length;
        world.socket.say({op: "beat", heads: {c1: 3}});
        return [quiet, world.socket.ops("resume").slice(1)];
    """)
    assert seen == [1, [{"op": "resume", "conversation": "c1", "after": 1}]]


@pytest.mark.parametrize(("op", "asked"), [("resume", ["c1", "c2"]), ("watch", ["c1"])])
def test_of_what_began_while_the_tab_was_away_a_visitor_hears_and_an_agent_does_not(
    play: Play, op: str, asked: list[str]
) -> None:
    seen = play(f"""
        const world = await line({{resume: "{op}"}});
        world.line.follow("c1");
        await world.start();
        world.socket.accept().events([1, 2]);
        world.socket.fail();
        await world.again();
        world.socket.accept().events([], {{last: 2}});
        for (let n = 0; n < 2; n++) {{
            world.socket.say({{op: "beat", heads: {{c1: 2, c2: 3}}}});
            world.socket.events([1, 2, 3], {{conversation: "c2"}});
        }}
        return [world.socket.ops("{op}").map(({{conversation}}) => conversation), world.shown];
    """)
    assert seen == [asked, [1, 2, 1, 2, 3] if "c2" in asked else [1, 2]]


def test_a_message_is_kept_before_it_is_sent_and_forgotten_when_it_is_acknowledged(play: Play) -> None:
    seen = play("""
        const world = await line();
        const id = world.line.send(null, {text: "Hello"});
        const kept = world.kept();
        await world.start();
        world.socket.accept();
        const [sent] = world.socket.ops("send");
        world.socket.say({op: "ack", client_id: id, conversation: "c1", seq: 1, at: "2026-11-22T10:00:00Z"});
        return [kept.length, sent.client_id === id, sent.conversation, sent.body, world.kept(),
                world.messages.map(({state}) => state), world.line.pending().length];
    """)
    assert seen == [1, True, None, {"text": "Hello"}, [], ["sending", "sent"], 0]


def test_what_is_unacknowledged_is_sent_again_oldest_first_under_the_same_names(play: Play) -> None:
    seen = play("""
        const world = await line();
        await world.start();
        world.socket.accept();
        const ids = [];
        for (const text of ["one", "two", "three"]) {
            world.clock.time++;
            ids.push(world.line.send("c1", {text}));
        }
        world.socket.say({op: "ack", client_id: ids[1], conversation: "c1", seq: 2});
        world.socket.fail();
        await world.again();
        world.socket.accept();
        const again = world.socket.ops("send");
        const names = again.map(({client_id}) => ids.indexOf(client_id));
        return [world.sockets.length > 1, again.map(({body}) => body.text), names];
    """)
    assert seen == [True, ["one", "three"], [0, 2]]


def test_what_was_written_first_is_sent_first_though_the_clock_was_set_back(play: Play) -> None:
    seen = play("""
        const world = await line();
        for (const text of ["one", "two", "three"]) {
            world.line.send("c1", {text});
            world.clock.time -= 60_000;
        }
        await world.start();
        world.socket.accept();
        return world.socket.ops("send").map(({body}) => body.text);
    """)
    assert seen == ["one", "two", "three"]


def test_what_was_written_before_a_reload_is_sent_first_though_the_clock_was_set_back(play: Play) -> None:
    seen = play("""
        const before = await line();
        await before.start();
        before.line.send("c1", {text: "before"});
        before.line.stop();
        await settled();
        const after = await line();
        after.clock.time -= 60_000;
        after.line.send("c1", {text: "after"});
        await after.start();
        after.socket.accept();
        return after.socket.ops("send").map(({body}) => body.text);
    """)
    assert seen == ["before", "after"]


def test_a_message_that_came_back_as_an_event_is_not_sent_again(play: Play) -> None:
    seen = play("""
        const world = await line();
        world.line.follow("c1");
        await world.start();
        const client_id = world.line.send("c1", {text: "Hello"});
        world.socket.accept();
        world.socket.fail();
        await world.again();
        world.socket.accept();
        world.socket.say({op: "events", conversation: "c1", last: 1, more: false,
            events: [{seq: 1, kind: "message", client_id, body: {text: "Hello"}}]});
        return [world.kept(), world.messages.at(-1).state, world.shown];
    """)
    assert seen == [[], "sent", [1]]


def test_a_message_is_never_called_sent_before_it_is(play: Play) -> None:
    seen = play("""
        const world = await line();
        await world.start();
        world.socket.accept();
        const id = world.line.send("c1", {text: "Hello"});
        world.socket.fail();
        const blip = world.messages.map(({state}) => state);
        await world.clock.pass(2_000);
        world.socket.fail();
        const down = world.messages.map(({state}) => state);
        await world.again();
        world.socket.accept();
        return [blip, down, world.messages.map(({state}) => state), world.kept().length];
    """)
    assert seen[:2] == [["sending"], ["sending", "failed"]]
    assert "sent" not in seen[2]
    assert seen[2][-1] == "sending"
    assert seen[3] == 1


def test_a_refused_message_keeps_its_text_and_is_not_sent_again_by_itself(play: Play) -> None:
    seen = play("""
        const world = await line();
        await world.start();
        world.socket.accept();
        const client_id = world.line.send("c1", {text: "too much"});
        const error = {code: "too_long", message: "At most 4,000 characters.", field: "text"};
        world.socket.say({op: "refused", client_id, error});
        world.socket.fail();
        await world.again();
        world.socket.accept();
        const alone = world.socket.ops("send").length;
        world.line.retry(client_id);
        const asked = world.socket.ops("send").length;
        const given_up = world.line.discard(client_id);
        return [world.messages[1], alone, asked, given_up.body.text, world.kept()];
    """)
    assert seen[0]["state"] == "failed"
    assert seen[0]["error"]["message"] == "At most 4,000 characters."
    assert seen[1:] == [0, 1, "too much", []]


def test_a_socket_that_no_longer_answers_is_let_go(play: Play) -> None:
    seen = play("""
        const world = await line();
        await world.start();
        world.socket.accept();
        await world.clock.pass(20_000);
        const beats = world.socket.ops("beat").length;
        await world.clock.pass(120_000);
        return [beats, world.sockets[0].readyState, world.sockets.length > 1];
    """)
    assert seen == [1, 3, True]


def test_a_message_without_an_answer_makes_a_new_socket(play: Play) -> None:
    seen = play("""
        const world = await line();
        await world.start();
        world.socket.accept();
        world.line.send("c1", {text: "Hello"});
        await world.clock.pass(25_000);
        world.socket.accept();
        return [world.sockets.length, world.socket.ops("send").map(({body}) => body.text)];
    """)
    assert seen == [2, ["Hello"]]


def test_a_refused_message_leaves_the_line_in_peace(play: Play) -> None:
    seen = play("""
        const world = await line();
        await world.start();
        world.socket.accept();
        const client_id = world.line.send("c1", {text: "too much"});
        const error = {code: "unsayable", message: "At most 4,000 characters.", field: "text"};
        world.socket.say({op: "refused", client_id, error});
        for (let n = 0; n < 6; n++) {
            await world.clock.pass(10_000);
            world.socket.say({op: "beat", heads: {}});
        }
        return [world.sockets.length, world.states, world.line.pending().length];
    """)
    assert seen == [1, ["connecting", "open"], 1]


def test_a_restart_is_waited_for_as_long_as_the_server_asks(play: Play) -> None:
    seen = play("""
        const world = await line();
        await world.start();
        world.socket.accept();
        world.socket.fail(1012, "retry:8");
        await world.clock.pass(7_900);
        const early = world.sockets.length;
        await world.clock.pass(4_200);
        return [early, world.sockets.length];
    """)
    assert seen == [1, 2]


def test_without_a_network_nothing_is_tried_until_there_is_one(empty_page: Page, play: Play) -> None:
    seen = play("""
        const world = window.world = await line();
        await world.start();
        world.socket.accept();
        return world.sockets.length;
    """)
    empty_page.context.set_offline(True)
    play("world.socket.fail(); await world.clock.pass(120_000);")
    offline = empty_page.evaluate("[world.sockets.length, world.line.state]")
    empty_page.context.set_offline(False)
    empty_page.wait_for_function("world.sockets.length === 2")
    assert [seen, offline] == [1, [1, "waiting"]]


def test_attempts_come_further_and_further_apart(play: Play) -> None:
    seen = play("""
        const world = await line();
        await world.start();
        const at = [];
        for (let n = 0; n < 8; n++) {
            at.push(world.clock.time);
            world.socket.fail();
            await world.again();
        }
        const gaps = at.slice(1).map((time, n) => time - at[n]);
        return [gaps[0] < 2_000, gaps.at(-1) > 10_000, Math.max(...gaps) <= 61_000];
    """)
    assert seen == [True, True, True]


def test_a_replaced_record_is_forgotten_and_read_anew_but_unsent_text_stays(play: Play) -> None:
    seen = play("""
        const world = await line();
        world.line.follow("c1");
        await world.start();
        world.socket.accept({epoch: "e1"}).events([1, 2, 3]);
        world.line.send("c1", {text: "kept"});
        world.socket.fail();
        await world.again();
        world.socket.accept({epoch: "e2"});
        const asked = world.socket.ops("resume").at(-1);
        world.socket.events([1]);
        return [world.shown, asked.after, world.socket.ops("send").length];
    """)
    assert seen == [[1, 2, 3, "reset", 1], 0, 1]


def test_without_sockets_the_same_frames_go_by_request(play: Play) -> None:
    seen = play("""
        const posted = [];
        const answers = {
            beat: () => [{op: "beat", heads: {c1: 1}}],
            resume: ({after}) => [
                {op: "welcome", protocol: 1, epoch: "e1", beat: 20, conversation: null},
                {op: "events", conversation: "c1", last: 1, more: false,
                    events: after ? [] : [{seq: 1, kind: "message", body: {text: "number 1"}}]},
            ],
            send: ({client_id}) => [{op: "ack", client_id, conversation: "c1", seq: 2}],
        };
        const world = await line({
            headers: () => ({Authorization: "Bearer abc"}),
            fetch: async (address, {headers, body}) => {
                const frame = JSON.parse(body);
                posted.push([address, headers.Authorization, frame.op]);
                return new Response(JSON.stringify({frames: answers[frame.op](frame)}));
            },
        });
        world.line.follow("c1");
        world.line.send("c1", {text: "Hello"});
        await world.start();
        await world.byRequest();
        const state = world.line.state;
        const first = posted.length;
        await world.clock.pass(4_000);
        const last = world.messages.at(-1);
        return [state, posted.slice(0, 3), posted.length > first, world.shown, world.kept(), last.state];
    """)
    op = "https://chat.test/widget/op"
    assert seen[0] == "polling"
    assert seen[1] == [[op, "Bearer abc", "resume"], [op, "Bearer abc", "send"], [op, "Bearer abc", "resume"]]
    assert seen[2:] == [True, [1], [], "sent"]


def test_the_socket_is_tried_again_while_requests_carry_the_line(play: Play) -> None:
    seen = play("""
        const world = await line({
            fetch: async (address, {body}) => new Response(JSON.stringify({frames: [{op: "beat", heads: {}}]})),
        });
        await world.start();
        await world.byRequest();
        const polling = world.line.state;
        await world.again();
        world.socket.accept();
        return [polling, world.line.state];
    """)
    assert seen == ["polling", "open"]


def test_a_refusal_by_request_is_a_refusal_and_not_a_broken_line(play: Play) -> None:
    seen = play("""
        const error = {code: "too_long", message: "At most 4,000 characters.", field: "text"};
        const world = await line({
            fetch: async (address, {body}) => JSON.parse(body).op === "send"
                ? new Response(JSON.stringify({error}), {status: 400})
                : new Response(JSON.stringify({frames: []})),
        });
        await world.start();
        await world.byRequest();
        world.line.send("c1", {text: "x"});
        await settled();
        return [world.line.state, world.messages.at(-1).state, world.messages.at(-1).error.code];
    """)
    assert seen == ["polling", "failed", "too_long"]


def test_a_line_that_must_sign_in_again_stops_and_says_so(play: Play) -> None:
    seen = play("""
        const world = await line();
        await world.start();
        world.socket.accept();
        world.socket.fail(4401, "");
        await world.clock.pass(120_000);
        const stopped = world.sockets.length;
        await world.start();
        return [stopped, world.states, world.sockets.length];
    """)
    assert seen == [1, ["connecting", "open", "refused", "connecting"], 2]


def test_a_tab_leaves_the_messages_of_a_living_tab_alone_and_takes_over_those_of_a_closed_one(play: Play) -> None:
    seen = play("""
        const first = await line();
        await first.start();
        const id = first.line.send("c1", {text: "from the first tab"});
        const second = await line();
        await second.start();
        second.socket.accept();
        await settled();
        const meanwhile = second.socket.ops("send").length;
        first.line.stop();
        await settled();
        const third = await line();
        await third.start();
        await settled();
        third.socket.accept();
        const taken = third.socket.ops("send");
        return [meanwhile, taken.length, taken[0].client_id === id, third.messages[0].state];
    """)
    assert seen == [0, 1, True, "sending"]


def test_two_tabs_that_both_find_an_orphan_send_it_once(play: Play) -> None:
    seen = play("""
        const first = await line();
        await first.start();
        first.line.send("c1", {text: "left behind"});
        first.line.stop();
        await settled();
        const [left, right] = [await line(), await line()];
        left.line.start();
        right.line.start();
        await settled();
        left.socket.accept();
        right.socket.accept();
        await settled();
        return left.socket.ops("send").length + right.socket.ops("send").length;
    """)
    assert seen == 1


def test_a_page_without_storage_or_locks_still_sends(play: Play) -> None:
    seen = play("""
        const forbidden = {getItem: () => null, removeItem() {},
            setItem() { throw new DOMException("full", "QuotaExceededError"); }};
        const world = await line({storage: forbidden, locks: null});
        const id = world.line.send(null, {text: "Hello"});
        await world.start();
        world.socket.accept();
        return world.socket.ops("send").map(({client_id}) => client_id === id);
    """)
    assert seen == [True]


def test_asking_is_answered_by_the_ack_or_the_refusal_and_repeated_over_a_new_socket(play: Play) -> None:
    seen = play("""
        const world = await line({resume: "watch"});
        await world.start();
        world.socket.accept();
        const accepted = world.line.ask("accept", {conversation: "c1"});
        const [{client_id}] = world.socket.ops("accept");
        world.socket.fail();
        await world.again();
        world.socket.accept();
        const again = world.socket.ops("accept").map((frame) => frame.client_id === client_id);
        world.socket.say({op: "ack", client_id, conversation: "c1", seq: 4});
        const refused = world.line.ask("accept", {conversation: "c2"});
        const error = {code: "already_accepted", message: "Anna was first.", field: null};
        world.socket.say({op: "refused", client_id: world.socket.ops("accept").at(-1).client_id, error});
        return [again, (await accepted).seq, await refused.catch(({message}) => message)];
    """)
    assert seen == [[True], 4, "Anna was first."]


@pytest.mark.parametrize("resume", ["resume", "watch"])
def test_who_says_nothing_beats_all_the_same(play: Play, resume: str) -> None:
    seen = play(f"""
        const world = await line({{resume: "{resume}"}});
        await world.start();
        world.socket.accept();
        for (let n = 0; n < 6; n++) {{
            await world.clock.pass(10_000);
            world.socket.say({{op: "beat"}});
        }}
        return [world.socket.ops("beat").length > 1, world.sockets.length];
    """)
    assert seen == [True, 1]


def test_who_is_there_says_so_though_the_clock_was_set_back(play: Play) -> None:
    seen = play("""
        const world = await line({resume: "watch"});
        await world.start();
        world.socket.accept();
        await world.clock.pass(30_000);
        const before = world.socket.ops("beat").length;
        world.clock.time -= 3_600_000;
        world.socket.say({op: "beat"});
        return world.socket.ops("beat").length - before;
    """)
    assert seen == 1


def test_what_could_not_be_watched_just_now_is_asked_for_again(play: Play) -> None:
    seen = play("""
        const { setTimeout } = globalThis;
        globalThis.setTimeout = (what) => setTimeout(what);
        const world = await line({resume: "watch"});
        await world.start();
        world.socket.accept();
        for (const each of ["c1", "c2"]) world.line.follow(each);
        const wait = {op: "refused", error: {code: "retry", message: "Try again.", field: null}};
        for (let n = 0; n < 2; n++) world.socket.say(wait);
        await settled();
        world.socket.events([1]);
        world.socket.say({op: "refused", error: {code: "not_found", message: "There is none.", field: null}});
        await settled();
        return [world.shown, world.socket.ops("watch").map(({conversation, after}) => [conversation, after])];
    """)
    assert seen == [[1], [["c1", 0], ["c2", 0], ["c1", 0], ["c2", 0]]], "each once, however many were refused"


def test_an_agent_watches_what_is_open_and_hears_nothing_of_the_rest(play: Play) -> None:
    seen = play("""
        const world = await line({resume: "watch"});
        await world.start();
        world.socket.accept();
        world.line.follow("c1");
        world.socket.events([1], {conversation: "c2"});
        world.socket.events([1]);
        world.line.unfollow("c1");
        return [world.shown, world.socket.sent];
    """)
    assert seen == [
        [1],
        [{"op": "watch", "conversation": "c1", "after": 0}, {"op": "unwatch", "conversation": "c1"}],
    ]


def test_agents_send_with_their_token_and_notes_are_an_op_of_their_own(play: Play) -> None:
    seen = play("""
        const world = await line({resume: "watch"});
        await world.start();
        world.socket.accept();
        world.line.send("c1", {text: "Hello"}, {token: 12});
        world.line.send("c1", {text: "for us"}, {op: "note"});
        return world.socket.sent.map(({op, token, body}) => [op, token ?? null, body.text]);
    """)
    assert seen == [["send", 12, "Hello"], ["note", None, "for us"]]


def test_what_a_host_page_hangs_on_every_object_is_not_part_of_a_frame(play: Play) -> None:
    seen = play("""
        const { parse } = await import("/static/shared/protocol.js");
        Object.prototype.error = "polluted";
        const frame = parse('{"op": "ack", "__proto__": {"more": true}, "body": {"constructor": 1}}');
        const read = [frame.error, frame.more, frame.body.constructor, frame.body.error, ({}).more];
        delete Object.prototype.error;
        return [read.map((value) => value ?? null), typeof parse("not json"), typeof parse("null")];
    """)
    assert seen == [[None, None, 1, None, None], "object", "object"]


def test_identifiers_sort_by_the_time_they_were_made(play: Play) -> None:
    seen = play("""
        const { uuid7 } = await import("/static/shared/protocol.js");
        const ids = Array.from({length: 50}, (_, n) => uuid7(1_700_000_000_000 + n));
        const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
        return [ids.every((id) => shape.test(id)), ids.join() === [...ids].sort().join(), new Set(ids).size];
    """)
    assert seen == [True, True, 50]
