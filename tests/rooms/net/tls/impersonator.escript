#!/usr/bin/env escript
%% A TLS peer that shows whatever certificate it is told with whatever key:
%% Erlang's ssl does not compare the two. Commands come line by line:
%%
%%   serve VERSION CERTIFICATE KEY          waits for one client, as a server
%%   connect VERSION PORT CERTIFICATE KEY   connects to a server
%%
%% with certificate and PKCS #8 key in hexadecimal. The answers are `port N`
%% and, when the other side has decided, what it sent after the handshake:
%% `refused` (no handshake), `silent` or `heard BYTES`.

main(_) ->
    logger:set_primary_config(level, none),
    {ok, _} = application:ensure_all_started(ssl),
    read().

read() ->
    case io:get_line("") of
        eof -> ok;
        Line ->
            say(try obey(string:lexemes(Line, " \n")) catch _:_ -> "refused" end),
            read()
    end.

obey(["serve", Version, Certificate, Key]) ->
    {ok, Listener} = ssl:listen(0, options(Version, Certificate, Key)),
    {ok, {_, Port}} = ssl:sockname(Listener),
    say(["port ", integer_to_list(Port)]),
    {ok, Client} = ssl:transport_accept(Listener),
    ssl:close(Listener),
    heard(ssl:handshake(Client, 10000));
obey(["connect", Version, Port, Certificate, Key]) ->
    Options = [{verify, verify_none} | options(Version, Certificate, Key)],
    heard(ssl:connect({127, 0, 0, 1}, list_to_integer(Port), Options, 10000)).

options(Version, Certificate, Key) ->
    [{versions, [list_to_atom(Version)]},
     {ip, {127, 0, 0, 1}},
     {cert, binary:decode_hex(list_to_binary(Certificate))},
     {key, {'PrivateKeyInfo', binary:decode_hex(list_to_binary(Key))}},
     {active, false}, {mode, binary}].

heard({ok, Peer}) ->
    case ssl:recv(Peer, 0, 10000) of
        {ok, Bytes} -> ["heard ", integer_to_list(byte_size(Bytes))];
        {error, closed} -> "silent";
        {error, _} -> "refused"
    end;
heard(_) -> "refused".

say(Words) -> io:format("~s~n", [Words]).
