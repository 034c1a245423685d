// The shape of a `.deploy` file. It is generous about where a phrase stands: the resolver knows what
// belongs where, and says so better than a syntax error could. One token of lookahead is enough
// nearly everywhere, so that an error is found at the word that is wrong.
parser grammar DeployParser;
options { tokenVocab = DeployLexer; superClass = QuickParser; }
@parser::postinclude { #include "grammar/quick_parser.h" }

file : declaration* EOF ;

declaration
  : deployment
  | importFile
  | inventory
  | role
  | connect
  | variable
  | secret
  | environment
  | requirement
  | procedure
  | use
  | atMost
  | deadline
  | resource
  | step
  ;

deployment : DEPLOYMENT title ;
importFile : IMPORT_WORD title ;
inventory : INVENTORY title ;
variable : VARIABLE word ( COLON ID )? ( ASSIGN expression )? ;
secret : SECRET word FROM ID title ;
connect : CONNECT ID block? ;
deadline : DEADLINE expression ;
atMost : AT ID expression ( ID | TARGET )? ;
resource : RESOURCE word expression ;
requirement : REQUIRE ID measured? comparison expression ( IN expression OF ID )? ;
measured : LPAREN roleName ( PER propertyName )? RPAREN ;
comparison : EQUAL | NOT_EQUAL | LESS | LESS_OR_EQUAL | GREATER | GREATER_OR_EQUAL ;

environment : ENVIRONMENT roleName environmentBody ;
environmentBody : LBRACE declaration* RBRACE ;

role : ROLE roleName roleBody ;
roleBody : LBRACE roleItem* RBRACE ;
roleItem
  : target
  | connect
  | minimum
  ;
minimum : MINIMUM expression ;
target : TARGET title targetBody? ;
targetBody : LBRACE targetItem* RBRACE ;
targetItem
  : connect
  | attribute
  ;

procedure : PROCEDURE word parameters? procedureBody ;
parameters : LPAREN ( parameter ( COMMA parameter )* )? RPAREN ;
parameter : word COLON ID ;
procedureBody : LBRACE procedureItem* RBRACE ;
procedureItem
  : step
  | use
  ;
use : USE word useArguments? ( AS title )? ;
useArguments : LPAREN ( namedArgument ( COMMA namedArgument )* )? RPAREN ;
namedArgument : word ASSIGN expression ;

step : STEP title phrase* stepBody ;
stepBody : LBRACE stepItem* RBRACE ;
stepItem
  : phrase
  | action
  | step
  | use
  | verify
  | undo
  | gates
  ;
verify : VERIFY stepBody ;
undo : UNDO stepBody ;
gates : BETWEEN BATCHES stepBody ;

phrase
  : ONCE
  | ON ( FAILURE ( ID ID? )? | roleNameAfterOn ) ( COMMA roleName )*
  | WHERE expression
  | EXCEPT title ( COMMA title )*
  | WINDOW limit ( COMMA limit )*
  | BATCHES limit ( COMMA limit )* ( IN ID )?
  | BY propertyName
  | VIA FIRST? roleName
  | ORDER ( ID | INVENTORY | RANDOM expression? | TARGET selector? )
  | STAGGER expression
  | WITH PREVIOUS
  | AFTER title ( COMMA title )*
  | WHEN ( ( SUCCESS | FAILURE | ALWAYS ) ( AND expression )? | expression )
  | TOLERATE expression ( FAILURE | FAILURES )?
  | UNREACHABLE ( ID | SKIP_WORD ( AT ID expression )? )
  | SHARED
  | OPTIONAL
  | REQUIRED
  | DISABLED
  | TAGS roleName ( COMMA roleName )*
  | SKIP_WORD ID
  | TIMEOUT expression
  | RETRY expression ( EVERY expression )? ( BACKOFF expression ( UP TO expression )? )?
  | IDEMPOTENT
  | TAKES ( ID LPAREN ID expression COMMA ID expression RPAREN | expression ( TO expression )? )
  | FAILS expression
  | OFFLINE expression
  | GIVES word ASSIGN expression
  | USES expression OF word
  | DRAINS
  | RESTORES
  | INTERRUPTS
  ;
limit : expression UP? ( PER propertyName )? ;

action : RUN ( ID argument? | argument ) block? ;
argument
  : string
  | TEXT_BLOCK
  | QUANTITY
  ;

block : LBRACE attribute* RBRACE ;
attribute : key ( ASSIGN expression | block ) ;
key
  : anyWord
  | string
  ;

// From the tightest to the loosest.
expression
  : primary
  | MINUS expression
  | expression ( STAR | SLASH ) expression
  | expression ( PLUS | MINUS ) expression
  | expression ( EQUAL | NOT_EQUAL | LESS | LESS_OR_EQUAL | GREATER | GREATER_OR_EQUAL ) expression
  | NOT expression
  | expression AND expression
  | expression OR expression
  | IF expression THEN expression ELSE expression
  ;
primary
  : QUANTITY
  | TRUE
  | FALSE
  | TEXT_BLOCK
  | string
  | list
  | LPAREN expression RPAREN
  | variableName ( arguments | selector* )
  ;
list : LBRACKET ( expression ( COMMA expression )* )? RBRACKET ;
arguments : LPAREN ( expression ( COMMA expression )* )? RPAREN ;
selector
  : DOT anyWord
  | LBRACKET expression RBRACKET
  ;
variableName
  : ID
  | TARGET
  | DEPLOYMENT
  | PREVIOUS
  ;

// A name or path that stands in quotes.
title : string ;
string
  : STRING_OPEN
    ( STRING_TEXT | STRING_ESCAPE | INTERPOLATION_OPEN expression INTERPOLATION_CLOSE )*
    STRING_CLOSE
  ;

roleName
  : word
  | string
  ;
propertyName
  : anyWord
  | string
  ;
roleNameAfterOn
  : wordButFailure
  | string
  ;
wordButFailure
  : ID | DEPLOYMENT | IMPORT_WORD | INVENTORY | ROLE | TARGET | CONNECT | MINIMUM | VARIABLE
  | SECRET | FROM | ENVIRONMENT | REQUIRE | IN | OF | PROCEDURE | USE | AS | AT | DEADLINE
  | RESOURCE | STEP | RUN | ONCE | ON | WHERE | EXCEPT | WINDOW | PER | UP | BATCHES | BY | VIA
  | FIRST | ORDER | RANDOM | STAGGER | WITH | PREVIOUS | AFTER | SHARED | VERIFY | UNDO | BETWEEN
  | SKIP_WORD | TAGS | REQUIRED | OPTIONAL | DISABLED | WHEN | SUCCESS | ALWAYS | FAILURES
  | TOLERATE | UNREACHABLE | TIMEOUT | RETRY | EVERY | BACKOFF | IDEMPOTENT | TAKES | TO | FAILS
  | OFFLINE | GIVES | USES | DRAINS | RESTORES | INTERRUPTS
  ;
word
  : wordButFailure
  | FAILURE
  ;
anyWord
  : word
  | AND
  | OR
  | NOT
  | IF
  | THEN
  | ELSE
  | TRUE
  | FALSE
  ;
