// The shape of a `.deploy` file. It is generous about where a phrase stands: the resolver knows what
// belongs where, and says so better than a syntax error could. One token of lookahead is enough
// nearly everywhere, so that an error is found at the word that is wrong.
parser grammar DeployParser;
options { tokenVocab = DeployLexer; }

file : declaration* EOF ;

declaration
  : deployment
  | role
  | variable
  | connect
  | step
  ;

deployment : DEPLOYMENT title ;
variable : VARIABLE word ( COLON ID )? ( ASSIGN expression )? ;
connect : CONNECT ID block? ;

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

step : STEP title phrase* stepBody ;
stepBody : LBRACE stepItem* RBRACE ;
stepItem
  : phrase
  | action
  | step
  ;

phrase
  : ONCE
  | ON ( FAILURE ID? | roleNameAfterOn ) ( COMMA roleName )*
  | WINDOW expression UP?
  | ORDER ( ID | TARGET ( DOT anyWord )? )
  | VIA FIRST? roleName
  | WITH PREVIOUS
  | AFTER title ( COMMA title )*
  | SHARED
  | TIMEOUT expression
  | RETRY expression ( EVERY expression )?
  | TOLERATE expression ( FAILURE | FAILURES )?
  | WHEN ( ID | FAILURE )
  | TAKES expression ( TO expression )?
  | DRAINS
  | RESTORES
  | INTERRUPTS
  | OPTIONAL
  | DISABLED
  ;

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
  ;

// The name of a deployment, step or target: it stands in quotes.
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
roleNameAfterOn
  : wordButFailure
  | string
  ;
wordButFailure
  : ID | DEPLOYMENT | ROLE | TARGET | CONNECT | MINIMUM | VARIABLE | STEP | RUN | ONCE | ON | WINDOW
  | UP | ORDER | VIA | FIRST | WITH | PREVIOUS | AFTER | SHARED | TIMEOUT | RETRY | EVERY | TOLERATE
  | FAILURES | WHEN | TAKES | TO | DRAINS | RESTORES | INTERRUPTS | OPTIONAL | DISABLED
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
