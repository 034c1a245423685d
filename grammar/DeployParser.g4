parser grammar DeployParser;
options { tokenVocab = DeployLexer; }

file : DEPLOYMENT STRING EOF ;
